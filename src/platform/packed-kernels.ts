/** A build of the kernels as text: arguments of `unpack`. */
type Packed = {
  readonly text: string;
  /** Size of the build in bytes. */
  readonly length: number;
  /** Name of the build that is its dictionary. */
  readonly after?: string;
};

/** Packed builds by name. Empty in the sources, which read files; scripts/bundle.ts fills it in. */
export const packedKernels: Readonly<Record<string, Packed>> = {};
