/** @file Communicators between ranks in one process, which exchange arrays through promises. */
import { assign } from "../../src/tensor/index.ts";
import type { Communicator } from "../../src/train/index.ts";

type Numbers = Float32Array | Float64Array | readonly number[];

/** Numbers that each rank has brought to a call, and those who wait for them. */
type Meeting = {
  readonly what: string;
  readonly parts: Map<number, readonly Numbers[]>;
  readonly result: Promise<readonly number[][]>;
  readonly resolve: (result: readonly number[][]) => void;
  readonly reject: (error: Error) => void;
};

function meetingOn(what: string): Meeting {
  let settle: Pick<Meeting, "resolve" | "reject"> = { resolve: () => {}, reject: () => {} };
  const result = new Promise<readonly number[][]>((resolve, reject) => (settle = { resolve, reject }));
  return { what, parts: new Map(), result, ...settle };
}

/**
 * One communicator for each of `size` ranks. `calls` counts what they have agreed on and reduced.
 */
export function localRanks(size: number): { readonly ranks: Communicator[]; readonly calls: Record<string, number> } {
  const calls: Record<string, number> = { reduce: 0, agree: 0 };
  let meeting: Meeting | undefined;
  let closed: Error | undefined;

  /** All parts put together, element by element, in the order of the ranks. */
  async function meet(
    rank: number,
    what: string,
    part: readonly Numbers[],
    put: (a: number, b: number) => number,
  ): Promise<readonly number[][]> {
    if (closed !== undefined) throw closed;
    meeting ??= meetingOn(what);
    const { parts, result, resolve } = meeting;
    if (meeting.what !== what) throw new Error(`rank ${rank} calls ${what}, others ${meeting.what}`);
    parts.set(rank, part);
    if (parts.size === size) {
      meeting = undefined;
      calls[what.split(" ")[0]]++;
      const inOrder = Array.from({ length: size }, (_, at) => parts.get(at) as readonly Numbers[]);
      resolve(
        inOrder[0].map((first, i) =>
          Array.from<number, number>(first, (_, at) => inOrder.map((all) => all[i][at]).reduce((a, b) => put(a, b))),
        ),
      );
    }
    return await result;
  }

  const ranks = Array.from({ length: size }, (_, rank): Communicator => ({
    rank,
    size,
    async reduce({ arrays, totals }) {
      const tensors = Object.values(arrays);
      const parts = [...tensors.map((x) => x.values() as Float32Array), totals];
      const shapes = Object.entries(arrays).map(([name, x]) => `${name} ${x.shape.join("x")}`);
      const what = `reduce ${shapes.join(", ")}, ${totals.length} totals`;
      const sums = await meet(rank, what, parts, (a, b) => a + b);
      tensors.forEach((x, at) => assign(x, Float32Array.from(sums[at])));
      totals.set(sums[tensors.length]);
    },
    async agree(flags) {
      if (!flags.every(Number.isFinite)) throw new Error(`flags that are not finite: ${flags.join(", ")}`);
      return (await meet(rank, `agree ${flags.length}`, [flags], Math.max))[0];
    },
    close(reason) {
      closed ??= new Error(`rank ${rank} has ended`, { cause: reason });
      meeting?.reject(closed);
      meeting = undefined;
      return Promise.resolve();
    },
  }));
  return { ranks, calls };
}
