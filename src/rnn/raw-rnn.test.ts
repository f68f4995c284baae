import { describe, expect, test } from "vitest";
import { randomStream } from "../base/index.ts";
import {
  abs,
  expandDims,
  less,
  randomTensor,
  reshape,
  slice,
  sub,
  sum,
  type Tensor,
  tensor,
  zeros,
} from "../tensor/index.ts";
import { dropoutWrapper, dynamicRnn, gruCell, rawRnn, unroll } from "./index.ts";
import type { GruState } from "./index.ts";

const bools = (...values: boolean[]): Tensor => tensor(Uint8Array.from(values, Number), { dtype: "bool" });
const nested = (x: Tensor | undefined): number[][][] => (x as Tensor).toArray() as number[][][];
const normal = (shape: number[], seed: number): Tensor =>
  randomTensor(shape, randomStream(seed), { kind: "normal", mean: 0, deviation: 1 }, "float64");

describe("rawRnn", () => {
  const start = normal([3, 2], 1);
  const cell = gruCell({ units: 2, seed: 4 });
  const initial: GruState = { h: normal([3, 2], 2) };

  test("feeds its own output back, freezes finished rows and stops when all are done", () => {
    // row b finishes after b + 1 steps
    const done = (time: number): Tensor => bools(time >= 1, time >= 2, time >= 3);
    const { outputs, state, steps, loopState } = rawRnn<GruState, number>(
      cell,
      (time, output, last, count) => ({
        finished: time === 0 ? bools(false, false, false) : done(time),
        input: output ?? start,
        state: last ?? initial,
        loopState: (count ?? 0) + 1,
      }),
      { maximumSteps: 10 },
    );
    expect(steps).toBe(3);
    expect(loopState).toBe(4);
    expect(outputs?.shape).toEqual([3, 3, 2]);

    for (let row = 0; row < 3; row++) {
      let x = slice(start, [row], [1]);
      let h: GruState = { h: slice(initial.h, [row], [1]) };
      for (let t = 0; t < 3; t++) {
        const emitted = nested(outputs)[t][row];
        if (t > row) {
          expect(emitted).toEqual([0, 0]);
          continue;
        }
        const next = cell.step(x, h);
        expect(emitted).toEqual((next.output.toArray() as number[][])[0]);
        [x, h] = [next.output, next.state];
      }
      expect((state.h.toArray() as number[][])[row]).toEqual((h.h.toArray() as number[][])[0]);
    }
  });

  test("is dynamicRnn when the loop reads the next input", () => {
    const x = normal([3, 4, 2], 3);
    const lengths = tensor(Int32Array.of(4, 1, 2));
    const at = (t: number): Tensor => reshape(slice(x, [0, Math.min(t, 3)], [-1, 1]), [3, 2]);
    const raw = rawRnn<GruState>(
      cell,
      (time, _output, last) => ({
        finished: bools(...[4, 1, 2].map((n) => time >= n)),
        input: at(time),
        state: last ?? initial,
      }),
      { maximumSteps: 4 },
    );
    const expected = dynamicRnn(cell, x, { lengths, initialState: initial });
    expect(raw.outputs?.toArray()).toEqual(swapped(expected.outputs.toArray() as number[][][]));
    expect(raw.state.h.toArray()).toEqual(expected.state.h.toArray());
  });

  test("collects what the loop emits, and stops on what the cell computes", () => {
    const total = (output: Tensor): Tensor => sum(output, 1);
    const sums: number[][] = [];
    const { outputs, steps } = rawRnn<GruState>(
      cell,
      (_time, output, last) => {
        if (output === undefined) return { finished: bools(false, false, false), input: start, state: initial };
        sums.push(Array.from(total(output).values()));
        return {
          // fed with ever the same input, the outputs settle
          finished: less(abs(sub(total(output), total((last as GruState).h))), sums.length > 3 ? 1 : 0),
          input: start,
          state: last as GruState,
          emit: expandDims(total(output), 1),
        };
      },
      { maximumSteps: 9 },
    );
    expect(steps).toBe(4);
    expect(nested(outputs).map((rows) => rows.flat())).toEqual(sums);
  });

  test("keeps a row finished that once was, whatever the loop says later", () => {
    const { outputs, steps } = rawRnn<GruState>(
      cell,
      (time, output, last) => ({
        finished: bools(time === 1, time === 3, time === 2),
        input: output ?? start,
        state: last ?? initial,
      }),
      { maximumSteps: 9 },
    );
    expect(steps).toBe(3);
    const running = nested(outputs).map((rows) => rows.map((row) => row.some((v) => v !== 0)));
    expect(running).toEqual([
      [true, true, true],
      [false, true, true],
      [false, true, false],
    ]);
  });

  test("stops after maximumSteps", () => {
    const forever = (
      _time: number,
      output: Tensor | undefined,
      last: GruState | undefined,
    ): { finished: Tensor; input: Tensor; state: GruState } => ({
      finished: bools(false, false, false),
      input: output ?? start,
      state: last ?? initial,
    });
    expect(rawRnn<GruState>(cell, forever, { maximumSteps: 5 }).steps).toBe(5);
    const none = rawRnn<GruState>(cell, forever, { maximumSteps: 0 });
    expect(none.outputs).toBeUndefined();
    expect(none.state).toBe(initial);
  });

  test("runs no step when every row is finished from the start", () => {
    const { outputs, steps } = rawRnn<GruState>(
      cell,
      () => ({ finished: bools(true, true, true), input: start, state: initial }),
      { maximumSteps: 5 },
    );
    expect([outputs, steps]).toEqual([undefined, 0]);
  });

  test("hands the random stream to the cell", () => {
    const dropped = dropoutWrapper(gruCell({ units: 2, seed: 4 }), { kind: "torch", dropout: 0.5 });
    const loop = (
      _time: number,
      _output: Tensor | undefined,
      last: GruState | undefined,
    ): { finished: Tensor; input: Tensor; state: GruState } => ({
      finished: bools(false, false, false),
      input: start,
      state: last ?? initial,
    });
    const run = (random = randomStream(1)): unknown =>
      rawRnn<GruState>(dropped, loop, { maximumSteps: 6, random }).outputs?.toArray();
    expect(run()).toEqual(run());
    expect(run(randomStream(2))).not.toEqual(run());
  });

  test("refuses finished flags that are not bool", () => {
    expect(() =>
      rawRnn<GruState>(cell, () => ({ finished: zeros([3]), input: start, state: initial }), { maximumSteps: 1 }),
    ).toThrow("rawRnn finished: expected a bool tensor [B]");
    expect(() =>
      rawRnn<GruState>(cell, () => ({ finished: bools(true), input: start, state: initial }), { maximumSteps: -1 }),
    ).toThrow("rawRnn maximumSteps");
  });
});

const swapped = (x: number[][][]): number[][][] => x[0].map((_, t) => x.map((row) => row[t]));

describe("unroll", () => {
  const double = (value: number, time: number): { next: number; emit: string } => ({
    next: 2 * value,
    emit: `${time}:${value}`,
  });

  test("emits every step until it is told to stop", () => {
    expect(unroll(double, { initial: 1, maximumSteps: 100, until: (value) => value > 4 })).toEqual({
      emitted: ["0:1", "1:2", "2:4"],
      value: 8,
    });
  });

  test("stops after maximumSteps", () => {
    expect(unroll(double, { initial: 3, maximumSteps: 2 })).toEqual({ emitted: ["0:3", "1:6"], value: 12 });
    expect(unroll(double, { initial: 3, maximumSteps: 0 })).toEqual({ emitted: [], value: 3 });
  });
});
