/**
 * Version of the numbers that kernels compute. It is part of each checkpoint, so it has to be
 * raised with any change of an engine after which a run would go on with other bits than it began
 * with: the order of a sum, an approximation, a fused product.
 */
export const NUMERICS_VERSION = 1;
