/** @file The losses of a run in bounded memory, and their picture. */
import plot from "simple-ascii-chart";

type Bin = { readonly step: number; readonly loss: number };

/** Bins that are kept; beyond that, neighbours are merged. */
const MAX_BINS = 512;

export class LossHistory {
  #bins: Bin[] = [];
  #perBin = 1;
  #sum = 0;
  #count = 0;

  add(step: number, loss: number): void {
    if (!Number.isFinite(loss)) return;
    this.#sum += loss;
    if (++this.#count < this.#perBin) return;
    this.#bins.push({ step, loss: this.#sum / this.#count });
    this.#sum = this.#count = 0;
    if (this.#bins.length < MAX_BINS) return;
    const old = this.#bins;
    this.#bins = [];
    for (let i = 1; i < old.length; i += 2) this.#bins.push({ step: old[i].step, loss: (old[i - 1].loss + old[i].loss) / 2 });
    this.#perBin *= 2;
  }

  /** The curve in at most `columns` columns, undefined with fewer than eight points. */
  chart(columns: number, height = 8): string | undefined {
    if (this.#bins.length < 8) return undefined;
    const width = Math.max(16, Math.min(60, columns - 14));
    const points = resample(this.#bins, width);
    const ticks = [points[0][0], points[Math.floor((points.length - 1) / 2)][0], points[points.length - 1][0]];
    const text = plot(points, {
      width,
      height,
      customXAxisTicks: ticks,
      formatter: (value, { axis }) => (axis === "x" ? String(Math.round(value)) : value.toFixed(2)),
    });
    const lines = text.split("\n").map((line) => line.trimEnd()).filter((line) => line !== "");
    return ["loss", ...lines, "step".padStart(Math.min(columns - 1, Math.max(...lines.map((line) => line.length))))].join("\n");
  }
}

/** Means of about `width` stretches. */
function resample(bins: readonly Bin[], width: number): [number, number][] {
  const stretches = Math.min(width, bins.length);
  return Array.from({ length: stretches }, (_, i) => {
    const part = bins.slice(Math.floor((i * bins.length) / stretches), Math.floor(((i + 1) * bins.length) / stretches));
    return [part[0].step, part.reduce((sum, { loss }) => sum + loss, 0) / part.length];
  });
}
