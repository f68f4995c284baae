/** A build of the kernels as text: arguments of `unpack`. */
type Packed = {
  readonly text: string;
  /** Size of the build in bytes. */
  readonly length: number;
};

/**
 * Packed builds by name, each with the one before it as its dictionary. Empty in the sources, which
 * read files; scripts/bundle.ts fills it in.
 */
export const packedKernels: Readonly<Record<string, Packed>> = {};
