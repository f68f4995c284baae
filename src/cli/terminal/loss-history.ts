/** @file The losses of a run in bounded memory, and their picture. */
import simpleAsciiChart from "simple-ascii-chart";

type Bin = { readonly step: number; readonly loss: number };

/** Means that are kept; beyond that, neighbours are merged. */
const MAX_BINS = 512;
/** Fewest bins of a chart. */
const MIN_BINS = 8;
const HEIGHT = 8;
/** Fewest columns of a chart. */
const MIN_COLUMNS = 30;

export class LossHistory {
  #bins: Bin[] = [];
  #perBin = 1;
  #sum = 0;
  #count = 0;
  #last = 0;

  add(step: number, loss: number): void {
    if (!Number.isFinite(loss)) return;
    this.#last = step;
    this.#sum += loss;
    if (++this.#count < this.#perBin) return;
    this.#bins.push({ step, loss: this.#sum / this.#count });
    this.#sum = this.#count = 0;
    if (this.#bins.length < MAX_BINS) return;
    const old = this.#bins;
    this.#bins = [];
    for (let i = 1; i < old.length; i += 2)
      this.#bins.push({ step: old[i].step, loss: (old[i - 1].loss + old[i].loss) / 2 });
    this.#perBin *= 2;
  }

  /** The curve in at most `columns` columns; undefined where it would show nothing. */
  chart(columns: number): string | undefined {
    if (this.#bins.length < MIN_BINS || columns < MIN_COLUMNS) return undefined;
    const width = chartWidth(columns);
    const points = resample(this.#bins, width);
    return lossChart(points, { width, height: HEIGHT, title: `loss over ${this.#last} steps` });
  }
}

/** Columns of a chart beside its scale. */
export const chartWidth = (columns: number): number => Math.max(16, Math.min(60, columns - 12));

/** Losses as text; no line ends in spaces. */
export function lossChart(
  points: [step: number, loss: number][],
  { width, height, title }: { readonly width: number; readonly height: number; readonly title: string },
): string {
  const chart = simpleAsciiChart(points, {
    title,
    width,
    height,
    hideXAxisTicks: true,
    formatter: (value) => value.toPrecision(3),
  });
  const lines = chart.split("\n").map((line) => line.trimEnd());
  return lines.filter((line) => line !== "").join("\n");
}

/** Means of at most `count` stretches. */
function resample(bins: readonly Bin[], count: number): [number, number][] {
  const stretches = Math.min(count, bins.length);
  return Array.from({ length: stretches }, (_, i): [number, number] => {
    const part = bins.slice(Math.floor((i * bins.length) / stretches), Math.floor(((i + 1) * bins.length) / stretches));
    return [part[0].step, part.reduce((sum, { loss }) => sum + loss, 0) / part.length];
  });
}
