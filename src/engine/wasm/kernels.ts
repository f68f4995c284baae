/**
 * @file The exports of the compiled kernels (kernels/assembly). Addresses and strides are bytes;
 * sizes are elements.
 */
import type { Recorder } from "../engine.ts";

type Kernel<N extends number, T extends number[] = []> = T["length"] extends N
  ? (...args: T) => void
  : Kernel<N, [...T, number]>;

/** The exports of a module of kernels. */
export type Kernels = {
  /** Sets the private scratch memory, `spareBytes` long. Must be called first, and once. */
  readonly setUp: Kernel<1>;
  /**
   * Sets the columns of a panel and the rows of the tallest tile, for all threads, from their next
   * job on.
   */
  readonly setTile: Kernel<2>;
  readonly spareBytes: () => number;
  /** Bytes of the gradient of one gate's pre-activations [N, n] in panels. */
  readonly gateBytes: (rows: number, columns: number) => number;
  readonly run: Kernel<3>;
  /**
   * Runs a job on several threads. Arguments: its number, threads, workers, patience in seconds,
   * whether this thread may sleep. Returns 0 if a worker did not answer.
   */
  readonly dispatch: (job: number, threads: number, workers: number, patience: number, maySleep: number) => number;
  readonly ready: () => number;
  readonly resetPool: Kernel<0>;
  /** Arguments: to, from, bytes. */
  readonly move: Kernel<3>;
  readonly fill: Kernel<3>;
  readonly unary: Kernel<4>;
  readonly activationBackward: Kernel<5>;
  readonly binary: Kernel<8>;
  readonly binaryScalar: Kernel<8>;
  readonly columnSums: Kernel<4>;
  readonly rowSums: Kernel<4>;
  /** Arguments: …, 1 for the largest or 0 for the smallest. */
  readonly extremes: Kernel<6>;
  readonly gather: Kernel<5>;
  readonly scatterAdd: Kernel<5>;
  readonly longScatterAdd: Kernel<8>;
  readonly reverseSequence: Kernel<6>;
  readonly maskSequence: Kernel<6>;
  readonly transpose: Kernel<6>;
  readonly softmax: Kernel<5>;
  readonly softmaxBackward: Kernel<6>;
  readonly sumOfSquares: (x: number, n: number, total: number) => number;
  readonly allFinite: (x: number, n: number) => number;
};

/** The exports of `module` on `memory`. */
export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  return instance.exports as unknown as Kernels;
}

/** Kernels that write to memory and are called by name. */
const NOTED = [
  "move",
  "fill",
  "unary",
  "activationBackward",
  "binary",
  "binaryScalar",
  "columnSums",
  "rowSums",
  "extremes",
  "gather",
  "scatterAdd",
  "longScatterAdd",
  "reverseSequence",
  "maskSequence",
  "transpose",
  "softmax",
  "softmaxBackward",
] as const;

/**
 * `value`, as a 32-bit integer if it is one: V8 passes those faster than floating-point numbers.
 */
const asSmallInteger = (value: number): number => (Object.is(value | 0, value) ? value | 0 : value);

/** Kernels that record each call of those in `NOTED`. */
export function notedKernels(kernels: Kernels, recorder: Recorder): Kernels {
  const noted = NOTED.map((name) => {
    const kernel = kernels[name] as (...values: number[]) => void;
    const call = (...values: number[]): void => {
      kernel(...values);
      recorder.note(kernel.bind(undefined, ...values.map(asSmallInteger)));
    };
    return [name, call] as const;
  });
  return { ...kernels, ...(Object.fromEntries(noted) as Pick<Kernels, (typeof NOTED)[number]>) };
}

/** Exports that return a size and compute nothing. */
const SIZES: ReadonlySet<string> = new Set(["gateBytes", "spareBytes"]);

/** Kernels that compute nothing, and report that every number is finite. */
export const idleKernels = (kernels: Kernels): Kernels =>
  Object.fromEntries(
    Object.entries(kernels).map(([name, kernel]) => [name, SIZES.has(name) ? kernel : () => 1]),
  ) as Kernels;
