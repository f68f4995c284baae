/** A build of the kernels as text, for `unpack`. */
type Packed = {
  readonly text: string;
  /** Bytes of the build. */
  readonly length: number;
  /** The build that is its dictionary. */
  readonly after?: string;
};

/**
 * By the build's name. Empty in the sources, which have files; scripts/bundle.ts puts the kernels
 * in.
 */
export const packedKernels: Readonly<Record<string, Packed>> = {};
