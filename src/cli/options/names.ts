/**
 * @file Names that are values of options. The build puts the values here, so that the library is
 * not loaded for them.
 */
import { optimizers } from "unrolled";

export { CELL_NAMES, DIALECT_NAMES } from "unrolled";

export const OPTIMIZER_NAMES = Object.keys(optimizers) as (keyof typeof optimizers)[];
