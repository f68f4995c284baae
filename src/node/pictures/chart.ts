/** @file What a chart holds: panels with axes, and lines, bands or bars in them. */

export type Point = { readonly x: number; readonly y: number };

export type Axis = {
  /** Kind of scale; times are milliseconds and labelled in UTC. Default "linear". */
  readonly scale?: "linear" | "log" | "time";
  /** First and last value. */
  readonly domain: readonly [number, number];
  /** Whether the domain grows to round values. Default false. */
  readonly isNice?: boolean;
  readonly title?: string;
  /** Approximate number of ticks, or their values. Default 10. */
  readonly ticks?: number | readonly number[];
  /** Format of the labels, as d3-format names it. Default: by the distance of the ticks. */
  readonly format?: string | undefined;
  /** Whether lines cross the panel at the ticks. Default true. */
  readonly hasGrid?: boolean;
};

export type Mark = { readonly color: string } & (
  | {
      readonly kind: "line";
      readonly points: readonly Point[];
      /** Width in pixels. */
      readonly width: number;
      /** Whether each point has a dot. Default false. */
      readonly hasDots?: boolean;
    }
  | {
      readonly kind: "band";
      readonly rows: readonly { readonly x: number; readonly low: number; readonly high: number }[];
    }
  | {
      readonly kind: "bars";
      readonly rows: readonly { readonly from: number; readonly to: number; readonly y: number }[];
    }
);

export type Panel = {
  readonly title?: string;
  readonly width: number;
  readonly height: number;
  readonly x: Axis;
  readonly y: Axis;
  /** Marks, the lowest first. */
  readonly marks: readonly Mark[];
};

export type Chart = {
  readonly title: string;
  readonly subtitle?: string;
  /** Names of the colours, above the panels. */
  readonly legend?: readonly { readonly name: string; readonly color: string }[];
  /** Rows of panels, from the top. */
  readonly rows: readonly (readonly Panel[])[];
};

/** The lowest and the highest of the finite numbers; [0, 1] where there are none. */
export function rangeOf(values: readonly number[]): readonly [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low > high ? [0, 1] : [low, high];
}
