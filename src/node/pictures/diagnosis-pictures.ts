/** @file The pictures of a diagnosis. */
import { join } from "node:path";
import type { Diagnosis, GateSpread, GradientByStep } from "../../tasks/language-model/index.ts";
import { writeFileDurably } from "../files/durable-file.ts";
import { type Chart, type Mark, type Panel, rangeOf } from "./chart.ts";

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
  for (const [name, chart] of pictures) {
    const file = join(directory, name);
    await writeFileDurably(file, drawSvg(chart));
    files.push(file);
  }
  return files;
}

const COLORS = "#4c78a8 #f58518 #e45756 #72b7b2 #54a24b #eeca3b #b279a2 #ff9da6 #9d755d #bab0ac".split(" ");

/** A line for each layer over the steps back, on an axis of powers of ten. Zeros are left out. */
function gradientPicture(layers: readonly GradientByStep[]): Chart {
  const lines = layers.map(({ norms }, i): Mark & { readonly kind: "line" } => ({
    kind: "line",
    width: 2,
    color: COLORS[i % COLORS.length],
    points: norms.flatMap((y, t) => (y > 0 && Number.isFinite(y) ? [{ x: norms.length - t, y }] : [])),
  }));
  const norms = lines.flatMap(({ points }) => points.map(({ y }) => y));
  return {
    title: "Gradient by time step",
    subtitle: "of the last step's loss, with respect to the state so many steps before",
    legend: layers.map(({ layer }, i) => ({ name: layer, color: lines[i].color })),
    rows: [
      [
        {
          width: 640,
          height: 280,
          x: { title: "steps back", domain: [0, Math.max(1, ...layers.map((layer) => layer.norms.length))] },
          y: {
            title: "norm of the gradient",
            scale: "log",
            domain: norms.length === 0 ? [1, 10] : rangeOf(norms),
            isNice: true,
            ticks: 6,
            format: "~e",
          },
          marks: lines,
        },
      ],
    ],
  };
}

/** A histogram for each gate, a row for each layer. */
function gatePicture(gates: readonly GateSpread[]): Chart {
  const layers = [...new Set(gates.map(({ layer }) => layer))];
  const top = Math.max(...gates.flatMap(({ histogram }) => histogram));
  return {
    title: "Gates",
    subtitle: "share of all values in each twentieth of the range; what stands at an end passes no gradient",
    rows: layers.map((layer) => gates.filter((gate) => gate.layer === layer).map((gate) => histogramPanel(gate, top))),
  };
}

function histogramPanel({ layer, gate, range: [from, to], histogram }: GateSpread, top: number): Panel {
  const width = to - from;
  const edge = (i: number): number => from + (width * i) / histogram.length;
  const rows = histogram.map((y, i) => ({ from: edge(i), to: edge(i + 1), y }));
  return {
    title: `${layer}/${gate}`,
    width: 180,
    height: 130,
    x: { domain: [from, to], ticks: [from, from + width / 2, to], hasGrid: false, format: "~g" },
    y: { domain: [0, top], ticks: 4, format: ".0%" },
    marks: [{ kind: "bars", rows, color: "#1f5a9d" }],
  };
}
