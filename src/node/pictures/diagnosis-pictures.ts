/** @file The pictures of a diagnosis. */
import { join } from "node:path";
import type { Diagnosis, GateSpread, GradientByStep } from "../../tasks/language-model/index.ts";
import { writeFileDurably } from "../files/durable-file.ts";

/** Names of the pictures in a run directory. */
export const GRADIENTS_FILE = "diagnosis-gradients.svg";
export const GATES_FILE = "diagnosis-gates.svg";

/**
 * Draws gradients by time step and the spread of the gates into a directory, durably, and returns
 * the paths. Rejects with the file system's own errors.
 */
export async function writeDiagnosis(
  directory: string,
  { gradientByStep, gates }: Pick<Diagnosis, "gradientByStep" | "gates">,
): Promise<readonly string[]> {
  const pictures = [
    [GRADIENTS_FILE, gradientPicture(gradientByStep)],
    [GATES_FILE, gatePicture(gates)],
  ] as const;
  const { drawSvg } = await import("./draw.ts");
  const files: string[] = [];
  for (const [name, specification] of pictures) {
    const file = join(directory, name);
    await writeFileDurably(file, await drawSvg(specification));
    files.push(file);
  }
  return files;
}

const FONT = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif";
const GRAY = { gridColor: "#e4e4e4", domainColor: "#888", tickColor: "#888", labelColor: "#333", titleColor: "#333" };

const frame = (title: string, subtitle: string) => ({
  background: "white",
  padding: 16,
  title: {
    text: title,
    subtitle,
    anchor: "start",
    fontSize: 16,
    subtitleFontSize: 12,
    subtitleColor: "#555",
    offset: 12,
  },
  config: {
    font: FONT,
    axis: { labelFontSize: 11, titleFontSize: 12, titleFontWeight: "normal", titlePadding: 8, ...GRAY },
    view: { stroke: null },
  },
});

/** A line for each layer over the steps back, on an axis of powers of ten. Zeros are left out. */
function gradientPicture(layers: readonly GradientByStep[]): object {
  const values = layers.flatMap(({ layer, norms }) =>
    norms.flatMap((norm, t) => (norm > 0 && Number.isFinite(norm) ? [{ layer, back: norms.length - t, norm }] : [])),
  );
  return {
    ...frame("Gradient by time step", "of the last step's loss, with respect to the state so many steps before"),
    width: 640,
    height: 280,
    data: { values },
    mark: { type: "line", strokeWidth: 2 },
    encoding: {
      x: {
        field: "back",
        type: "quantitative",
        title: "steps back",
        scale: { domain: [0, Math.max(1, ...layers.map(({ norms }) => norms.length))], nice: false },
        axis: { tickCount: 10 },
      },
      y: {
        field: "norm",
        type: "quantitative",
        title: "norm of the gradient",
        scale: { type: "log" },
        axis: { tickCount: 6, format: "~e" },
      },
      color: {
        field: "layer",
        type: "nominal",
        title: null,
        legend: { orient: "top", symbolType: "stroke", symbolStrokeWidth: 3, labelFontSize: 12 },
      },
    },
  };
}

/** A histogram for each gate, a row for each layer. */
function gatePicture(gates: readonly GateSpread[]): object {
  const layers = [...new Set(gates.map(({ layer }) => layer))];
  const top = Math.max(...gates.flatMap(({ histogram }) => histogram));
  return {
    ...frame("Gates", "share of all values in each twentieth of the range; what stands at an end passes no gradient"),
    spacing: 24,
    vconcat: layers.map((layer) => ({
      spacing: 24,
      hconcat: gates.filter((gate) => gate.layer === layer).map((gate) => histogramPicture(gate, top)),
    })),
  };
}

function histogramPicture({ layer, gate, range: [from, to], histogram }: GateSpread, top: number): object {
  const width = to - from;
  const edge = (i: number): number => from + (width * i) / histogram.length;
  const values = histogram.map((share, i) => ({ from: edge(i), to: edge(i + 1), share }));
  return {
    title: { text: `${layer}/${gate}`, fontSize: 12, fontWeight: "normal" },
    width: 180,
    height: 130,
    data: { values },
    mark: { type: "bar", color: "#1f5a9d" },
    encoding: {
      x: {
        field: "from",
        type: "quantitative",
        bin: { binned: true },
        title: null,
        scale: { domain: [from, from + width] },
        axis: { values: [from, from + width / 2, from + width], grid: false, format: "~g" },
      },
      x2: { field: "to" },
      y: {
        field: "share",
        type: "quantitative",
        title: null,
        scale: { domain: [0, top] },
        axis: { tickCount: 4, format: ".0%" },
      },
    },
  };
}
