/**
 * @file Scaling of table columns: y = (x - center) / scale, computed in float64, one center and
 * scale per column.
 */
import {
  checkInteger,
  checkNumber,
  checkOptions,
  DataError,
  FormatError,
  describe,
  kindError,
  sentence,
  valueError,
} from "../base/index.ts";

/** Kind of scaler: the statistics that it uses. */
export type ScalerKind = "standard" | "minMax" | "robust";
/** A scaler as plain JSON. */
export type ScalerJSON = { kind: ScalerKind; center: number[]; scale: number[] };

/** Values of a table [n, features], row-major. */
export type Table = Float32Array | Float64Array;

/** A fitted scaler. */
export type Scaler = {
  readonly kind: ScalerKind;
  /** Number of columns. */
  readonly features: number;
  readonly center: readonly number[];
  readonly scale: readonly number[];
  /**
   * A scaled copy, of the same array class. Throws DataError for NaN or infinity, with its row and
   * column.
   */
  transform<A extends Table>(data: A): A;
  /** The inverse of `transform`, in a copy. NaN stays NaN, so bad predictions remain visible. */
  inverse<A extends Table>(data: A): A;
  /** The scaler of these columns only, in this order, such as the predicted ones. */
  pick(columns: readonly number[]): Scaler;
  /** The scaler as plain JSON, for `scalerFromJSON`. */
  toJSON(): ScalerJSON;
};

/**
 * A scaler to mean 0 and (population) standard deviation 1 for each column of `data` [n, features].
 * A constant column gets scale 1, so it becomes 0. Throws DataError if there are no rows, and for
 * NaN or infinity, with its row and column.
 */
export function standardScaler(data: Table, features: number): Scaler {
  return fit("standard", data, features, (column) => {
    let sum = 0;
    for (const x of column) sum += x;
    const mean = sum / column.length;
    let squares = 0;
    for (const x of column) squares += (x - mean) * (x - mean);
    return { center: mean, scale: Math.sqrt(squares / column.length) };
  });
}

/** Options of `minMaxScaler`. */
export type MinMaxOptions = {
  /** Scaled value of the smallest one. Default 0. */
  low?: number | undefined;
  /** Scaled value of the largest one. Default 1. */
  high?: number | undefined;
};

/**
 * A scaler of each column of `data` [n, features] to [low, high]. A constant column gets scale 1
 * and becomes `low`. Throws DataError as `standardScaler` does, RangeError unless low < high.
 */
export function minMaxScaler(data: Table, features: number, { low = 0, high = 1 }: MinMaxOptions = {}): Scaler {
  checkOptions("minMaxScaler", arguments[2], "low high");
  checkNumber("minMaxScaler low", low);
  checkNumber("minMaxScaler high", high);
  if (!(low < high)) throw valueError("minMaxScaler", `low < high`, [low, high]);
  return fit("minMax", data, features, (_, smallest, largest) => {
    const scale = largest === smallest ? 1 : (largest - smallest) / (high - low);
    return { center: smallest - low * scale, scale };
  });
}

/** Options of `robustScaler`. */
export type RobustOptions = {
  /** Lower quantile, in [0, 1). Default 0.25. */
  lower?: number | undefined;
  /** Upper quantile, in (0, 1]. Default 0.75. */
  upper?: number | undefined;
};

/**
 * A scaler to median 0 and distance 1 between two quantiles for each column of `data` [n,
 * features], which outliers hardly affect. Quantiles are interpolated linearly. If the two are
 * equal (by default: at least half of the values are), the scale is 1. Throws DataError as
 * `standardScaler` does, RangeError unless lower < upper.
 */
export function robustScaler(
  data: Table,
  features: number,
  { lower = 0.25, upper = 0.75 }: RobustOptions = {},
): Scaler {
  checkOptions("robustScaler", arguments[2], "lower upper");
  checkNumber("robustScaler lower", lower, 0, 1);
  checkNumber("robustScaler upper", upper, 0, 1);
  if (!(lower < upper)) throw valueError("robustScaler", "lower < upper", [lower, upper]);
  return fit("robust", data, features, (column) => {
    column.sort();
    return { center: quantile(column, 0.5), scale: quantile(column, upper) - quantile(column, lower) };
  });
}

/**
 * Recreates a scaler from the result of `toJSON`. Throws FormatError if `value` is anything else.
 */
export function scalerFromJSON(value: unknown): Scaler {
  const wrong = (expected: string, got: unknown): FormatError =>
    new FormatError(sentence("scalerFromJSON", expected, describe(got)));
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw wrong("an object { kind, center, scale }", value);
  }
  const fields = new Map<string, unknown>(Object.entries(value));
  for (const key of fields.keys()) {
    if (key !== "kind" && key !== "center" && key !== "scale")
      throw wrong(`the keys "kind", "center" and "scale" only`, key);
  }
  const numbers = (key: string): number[] => {
    const list = fields.get(key);
    if (!Array.isArray(list) || list.length === 0) throw wrong(`${key}: a list of numbers`, list);
    return list.map((x: unknown, column) => {
      if (typeof x !== "number" || !Number.isFinite(x)) throw wrong(`${key}[${column}]: a finite number`, x);
      return x;
    });
  };
  const kind = fields.get("kind");
  if (kind !== "standard" && kind !== "minMax" && kind !== "robust")
    throw wrong(`kind "standard" | "minMax" | "robust"`, kind);
  const center = numbers("center");
  const scale = numbers("scale");
  if (scale.length !== center.length) throw wrong(`as many scales as centers (${center.length})`, scale.length);
  const bad = scale.findIndex((s) => s <= 0);
  if (bad >= 0) throw wrong(`scale[${bad}]: a number > 0`, scale[bad]);
  return affine(kind, center, scale);
}

type Statistics = (column: Float64Array, smallest: number, largest: number) => { center: number; scale: number };

function fit(kind: ScalerKind, data: Table, features: number, statistics: Statistics): Scaler {
  const where = `${kind}Scaler`;
  checkInteger(`${where} features`, features, 1);
  checkTable(where, data, features);
  if (data.length === 0) throw new DataError(sentence(where, "at least one row", "none"));
  checkFinite(where, data, features);
  const column = new Float64Array(data.length / features);
  const center: number[] = [];
  const scale: number[] = [];
  for (let c = 0; c < features; c++) {
    let smallest = Infinity;
    let largest = -Infinity;
    for (let row = 0, at = c; row < column.length; row++, at += features) {
      const x = data[at];
      column[row] = x;
      if (x < smallest) smallest = x;
      if (x > largest) largest = x;
    }
    const fitted = statistics(column, smallest, largest);
    // for a constant column exactly: the mean may have a rounding error, which would be scaled up
    if (smallest === largest && kind !== "minMax") fitted.center = smallest;
    if (smallest === largest || fitted.scale === 0) fitted.scale = 1;
    if (!Number.isFinite(fitted.center) || !Number.isFinite(fitted.scale)) {
      throw new DataError(
        sentence(where, `values in column ${c} whose range fits float64`, `${smallest} to ${largest}`),
      );
    }
    center.push(fitted.center);
    scale.push(fitted.scale);
  }
  return affine(kind, center, scale);
}

function affine(kind: ScalerKind, center: readonly number[], scale: readonly number[]): Scaler {
  const features = center.length;
  const copy = <A extends Table>(where: string, data: A): A => {
    checkTable(where, data, features);
    return data.slice() as A;
  };
  return {
    kind,
    features,
    center,
    scale,
    transform(data) {
      const out = copy("scaler.transform", data);
      checkFinite("scaler.transform", data, features);
      for (let i = 0; i < out.length; i++) out[i] = (out[i] - center[i % features]) / scale[i % features];
      return out;
    },
    inverse(data) {
      const out = copy("scaler.inverse", data);
      for (let i = 0; i < out.length; i++) out[i] = out[i] * scale[i % features] + center[i % features];
      return out;
    },
    pick(columns) {
      if (columns.length === 0) throw valueError("scaler.pick", "at least one column", columns);
      columns.forEach((column) => checkInteger("scaler.pick", column, 0, features - 1));
      return affine(
        kind,
        columns.map((c) => center[c]),
        columns.map((c) => scale[c]),
      );
    },
    toJSON: () => ({ kind, center: [...center], scale: [...scale] }),
  };
}

function quantile(sorted: Float64Array, q: number): number {
  const at = q * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (at - below);
}

function checkTable(where: string, data: Table, features: number): void {
  if (!(data instanceof Float32Array || data instanceof Float64Array)) {
    throw kindError(where, "a table (Float32Array or Float64Array)", data);
  }
  if (data.length % features !== 0) throw valueError(where, `a multiple of ${features} values`, data.length);
}

function checkFinite(where: string, data: Table, features: number): void {
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i])) continue;
    const row = Math.floor(i / features);
    throw new DataError(sentence(where, "finite values", `${data[i]} in row ${row}, column ${i % features}`));
  }
}
