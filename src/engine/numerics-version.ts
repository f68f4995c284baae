/**
 * Version of the numbers that kernels compute, stored in each checkpoint. Raise it with every
 * change of an engine that changes bits: the order of a sum, an approximation, a fused product. A
 * run resumed under another version would not repeat the original one.
 */
export const NUMERICS_VERSION = 1;
