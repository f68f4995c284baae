/** @file What shared code may know of the gates of a cell. */
import { leavesOf, type Tree } from "../base/index.ts";
import type { ActivationName } from "../engine/index.ts";
import { reshape, slice, type Tensor } from "../tensor/index.ts";
import type { Gates } from "./cell.ts";

/** Lower and upper end of what an activation gives. */
export type GateRange = readonly [low: number, high: number];

const ranges: Readonly<Record<ActivationName, GateRange | undefined>> = {
  sigmoid: [0, 1],
  hardSigmoid: [0, 1],
  hardSigmoid02: [0, 1],
  tanh: [-1, 1],
  softsign: [-1, 1],
  relu: undefined,
  linear: undefined,
};

/** Ranges by path in a trace. Gates whose activation has no two ends are left out. */
export function gateRanges(gates: Gates): ReadonlyMap<string, GateRange> {
  return new Map(
    leavesOf(gates as Tree<ActivationName>).flatMap(([path, activation]) => {
      const range = ranges[activation];
      return range === undefined ? [] : [[path, range]];
    }),
  );
}

/** The gates of a layer, [T, B, G, H], as a trace under their names. */
export function gateTrace<N extends Gates>(names: N, gates: Tensor): { readonly [K in keyof N]: Tensor } {
  const [steps, batch, , units] = gates.shape;
  const at = (k: number): Tensor => reshape(slice(gates, [0, 0, k], [-1, -1, 1]), [steps, batch, units]);
  return Object.fromEntries(Object.keys(names).map((name, k) => [name, at(k)])) as { [K in keyof N]: Tensor };
}

/**
 * Whether a gate in 0 … 1 says how much of a state is kept, so that a gradient may reach far back.
 */
export const isGated = (gates: Gates): boolean => [...gateRanges(gates).values()].some(([low]) => low === 0);
