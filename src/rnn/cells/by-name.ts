/** @file Every cell that can be chosen by name. */
import { checkChoice } from "../../base/index.ts";
import type { Cell } from "../cell.ts";
import { type Dialect, DIALECT_NAMES } from "./dialect.ts";
import { gruCell, type GruState, type GruTrace } from "./gru-cell.ts";
import { lstmCell, type LstmState, type LstmTrace } from "./lstm-cell.ts";
import { minGruCell, type MinGruState, type MinGruTrace } from "./min-gru-cell.ts";
import { rnnCell, type RnnState } from "./rnn-cell.ts";

type CellFactory = (options: { readonly units: number; readonly dialect: Dialect }) => Cell;

/** The names that the option `cell` of every model takes. */
export const CELL_NAMES = ["rnn", "lstm", "gru", "mingru"] as const;

export type CellName = (typeof CELL_NAMES)[number];

/** States of the cells by their names. */
export type StatesByName = {
  readonly rnn: RnnState;
  readonly lstm: LstmState;
  readonly gru: GruState;
  readonly mingru: MinGruState;
};

/** Traces of the cells by their names. */
export type TracesByName = {
  readonly rnn: RnnState;
  readonly lstm: LstmTrace;
  readonly gru: GruTrace;
  readonly mingru: MinGruTrace;
};

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
