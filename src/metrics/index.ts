/** @file How good predictions are, on plain values. */
export {};
