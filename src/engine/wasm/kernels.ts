/** @file The exports of the compiled kernels (kernels/assembly). Addresses and strides are bytes; sizes are elements. */
import type { ActivationName } from "../engine.ts";

type Kernel<N extends number, T extends number[] = []> = T["length"] extends N
  ? (...args: T) => void
  : Kernel<N, [...T, number]>;

export type Kernels = {
  readonly pack8: Kernel<6>;
  readonly gemm8: Kernel<9>;
  readonly rnnForward: Kernel<10>;
  readonly rnnBackward: Kernel<11>;
  readonly lstmForward: Kernel<29>;
  readonly lstmBackward: Kernel<31>;
  readonly gruForward: Kernel<22>;
  readonly gruBackward: Kernel<24>;
  readonly crossEntropy: Kernel<6>;
  readonly crossEntropyBackward: Kernel<6>;
  readonly adam: Kernel<12>;
  readonly addRows: Kernel<5>;
  readonly columnSums: Kernel<4>;
};

/** Numbers of the activations, as in kernels/assembly/activations.ts. */
export const activationNumbers: Readonly<Record<ActivationName, number>> = {
  sigmoid: 0,
  tanh: 1,
  relu: 2,
  linear: 3,
  softsign: 4,
  hardSigmoid: 5,
  hardSigmoid02: 6,
};

export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  return instance.exports as unknown as Kernels;
}
