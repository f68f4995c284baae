/**
 * @file What one recurrent layer takes of the engine's memory in a step: its op (tensor/ops/recurrent.ts) and the scratch of its kernel
 * (engine/wasm/{rnn,lstm,gru}.ts). T time steps, B rows, I inputs, H units, G gates. Arrays of G*H elements are left out.
 */
import type { LanguageModelConfig } from "../model/index.ts";
import type { MemoryLedger } from "./memory-ledger.ts";

export type LayerSizes = {
  readonly config: LanguageModelConfig;
  /** I. */
  readonly inputs: number;
  /** V, where the inputs are rows of a table that is multiplied by W. */
  readonly table?: number | undefined;
  /** T. */
  readonly steps: number;
  /** B. */
  readonly batch: number;
};

const GATES = { rnn: 1, gru: 3, lstm: 4 } as const;

/** Columns of the narrowest panel that matrices are cut into. */
const PANEL = 8;

/** Elements that keep rows of scratch apart. */
const GAP = 16;

/** Elements of a matrix [k, n] in panels. */
export const packed = (k: number, n: number): number => Math.ceil(n / PANEL) * PANEL * k;

/** Arrays [B, H] of one layer's state. */
export const stateParts = ({ cell }: LanguageModelConfig): number => (cell === "lstm" ? 2 : 1);

const repeat = (length: number, times: number): number[] => Array.from({ length: times }, () => length);

/** W and R where the dialect has them in another layout than the engine. They are made anew in each step, and so are their gradients. */
function rearranged({ cell, dialect, hiddenSize: H }: LanguageModelConfig, I: number): number[] {
  const width = GATES[cell] * H;
  return dialect === "torch" ? [I * width, H * width] : [];
}

export function layerForward(ledger: MemoryLedger, { config, inputs, table, steps: T, batch: B }: LayerSizes): void {
  const { cell, dialect, hiddenSize: H } = config;
  const width = GATES[cell] * H;
  ledger.take(...rearranged(config, inputs));
  // features that the kernel itself multiplies
  const I = table === undefined ? inputs : 0;
  if (table !== undefined) {
    ledger.take(table * width);
    ledger.within(() => ledger.take(packed(inputs, width)));
  }
  if (cell === "gru" && dialect === "tf1") ledger.take((inputs + H) * width);
  ledger.take((T + 1) * B * H, ...repeat(B * H, stateParts(config)));
  // gates, and cells or reset terms
  if (cell !== "rnn") ledger.take(T * B * width, T * B * H);
  ledger.within(() => {
    if (B > 1 && cell === "gru") ledger.take(packed(I + H, H), packed(I + H, H), packed(I, H), packed(H, H));
    else if (B > 1) ledger.take(packed(I + H, width));
    ledger.take(B * (I + H + GAP), B * width);
    if (cell === "gru") ledger.take(B * (H + GAP));
  });
}

export function layerBackward(
  ledger: MemoryLedger,
  { config, inputs: I, table, steps: T, batch: B }: LayerSizes,
): void {
  const { cell, dialect, hiddenSize: H } = config;
  const width = GATES[cell] * H;
  // of W and R, of the inputs or the table times W, of the state before
  ledger.take(...(dialect === "tf1" ? [(I + H) * width] : [I * width, H * width]));
  ledger.take(table === undefined ? T * B * I : table * width, ...repeat(B * H, stateParts(config)));
  ledger.within(() => {
    ledger.take(
      table === undefined ? packed(width, I) : 0,
      ...(cell === "gru" ? repeat(packed(H, H), 3) : [packed(width, H)]),
    );
    // of the gates before their activations, with an odd number of rows
    const perGate = packed(T * B + 1 - ((T * B) % 2), H);
    ledger.take(GATES[cell] * perGate);
    if (cell === "gru" && dialect !== "tf1") ledger.take(perGate);
    ledger.take(B * (width + GAP), B * H);
    if (cell !== "rnn") ledger.take(B * H);
    if (cell === "gru") ledger.take(B * (H + GAP));
  });
  if (table !== undefined) {
    ledger.within(() => ledger.take(packed(table, width)));
    ledger.take(table * I);
    ledger.within(() => ledger.take(packed(width, I)));
  }
  ledger.take(...rearranged(config, I));
  if (cell === "gru" && dialect === "tf1") ledger.take((I + H) * 2 * H, (I + H) * H);
}
