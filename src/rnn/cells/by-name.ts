/** @file Every cell that can be chosen by name. */
import { checkChoice } from "../../base/index.ts";
import type { Cell } from "../cell.ts";
import { type Dialect, DIALECT_NAMES } from "./dialect.ts";
import { gruCell } from "./gru-cell.ts";
import { lstmCell } from "./lstm-cell.ts";
import { minGruCell } from "./min-gru-cell.ts";
import { rnnCell } from "./rnn-cell.ts";

type CellFactory = (options: { readonly units: number; readonly dialect: Dialect }) => Cell;

/** The names that the option `cell` of every model takes. */
export const CELL_NAMES = ["rnn", "lstm", "gru", "mingru"] as const;

export type CellName = (typeof CELL_NAMES)[number];

const cells: Readonly<Record<CellName, CellFactory>> = {
  rnn: rnnCell,
  lstm: lstmCell,
  gru: gruCell,
  mingru: minGruCell,
};

/**
 * The cell of that name, not built yet. Throws RangeError for another name, and for a dialect that
 * the cell doesn't have.
 */
export const cellByName = (name: CellName, units: number, dialect: Dialect): Cell =>
  cells[checkChoice("cell", name, CELL_NAMES)]({ units, dialect: checkChoice("dialect", dialect, DIALECT_NAMES) });
