/** @file Names of cells, for options. The build puts the values here, so that the library is not loaded for them. */
export { CELL_NAMES } from "unrolled";
