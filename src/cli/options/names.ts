/**
 * @file Names that are values of options. The build puts the values here, so that the library is
 * not loaded for them.
 */
import { type Dialect, optimizers } from "unrolled";

export { CELL_NAMES } from "unrolled";

export const OPTIMIZER_NAMES = Object.keys(optimizers) as (keyof typeof optimizers)[];

const DIALECTS: Readonly<Record<Dialect, true>> = { tf1: true, keras: true, torch: true };
export const DIALECT_NAMES = Object.keys(DIALECTS) as Dialect[];
