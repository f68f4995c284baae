/**
 * @file Vega and Vega-Lite, which the build puts into a file of its own: only pictures need it, and
 * it takes a moment to load. Expressions are interpreted, since Vega's own way generates code,
 * which some hosts forbid.
 */
import * as vega from "vega";
import { expressionInterpreter } from "vega-interpreter";
import { compile, type TopLevelSpec } from "vega-lite";

/** Vega's measure of text, which its types lack. */
type TextMetrics = { width(item: { readonly fontSize?: number }, text: unknown): number };

const metrics = (vega as unknown as { readonly textMetrics: TextMetrics }).textMetrics;
/**
 * An estimate, and not by the fonts that a machine happens to have, on which the picture would then
 * depend.
 */
metrics.width = ({ fontSize = 11 }, text) => fontSize * widthOf(String(text));

/** Width in parts of the font's size: that of Helvetica, and a little more. */
function widthOf(text: string): number {
  let width = 0;
  for (const sign of text) {
    if (/[ijl.,:;|!'()[\]ft /-]/.test(sign)) width += 0.35;
    else if (/[mwMW@%]/.test(sign)) width += 0.9;
    else if (/[A-Z]/.test(sign)) width += 0.72;
    else width += sign < "\u0300" ? 0.59 : 1;
  }
  return width;
}

/**
 * The picture of a Vega-Lite specification, as SVG. The same specification gives the same text on
 * every machine.
 */
export async function drawSvg(specification: object): Promise<string> {
  const logger = vega.logger(vega.Error);
  const { spec } = compile(specification as TopLevelSpec, { logger });
  const view = new vega.View(vega.parse(spec, undefined, { ast: true }), {
    expr: expressionInterpreter,
    renderer: "none",
    logger,
  });
  try {
    return `${await view.toSVG()}\n`;
  } finally {
    view.finalize();
  }
}
