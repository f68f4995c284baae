import { kindError, randomStream, withPrefix } from "../../base/index.ts";
import type { Tensor } from "../../tensor/index.ts";
import type { Cell, Gates, Parameters, SequenceInputs, SequenceResult, State, StateSize, Trace } from "../cell.ts";
import { runSequence } from "../dynamic-rnn.ts";

/** One value for each layer by its index: "0" is the layer that reads the inputs. */
export type ByLayer<V> = { readonly "0": V; readonly [layer: string]: V };

/** State of each layer by its index. */
export type MultiRnnState<S extends State = State> = ByLayer<S>;

/**
 * Cells on top of each other, each reading the output of the one below, as TensorFlow 1's
 * `MultiRNNCell`. Sizes may differ. The same cell given twice shares its weights, whose names then
 * carry the first of its indices; its states stay apart.
 */
export function multiRnnCell<S extends State, T extends Trace>(
  cells: readonly Cell<S, T>[],
): Cell<MultiRnnState<S>, ByLayer<T>>;
export function multiRnnCell(cells: readonly Cell[]): Cell<MultiRnnState, ByLayer<Trace>>;
export function multiRnnCell(cells: readonly Cell[]): Cell<MultiRnnState, ByLayer<Trace>> {
  if (cells.length === 0) throw kindError("multiRnnCell", "at least one cell", cells);
  const firstIndex = (cell: Cell): number => cells.indexOf(cell);
  const distinct = cells.filter((cell, i) => firstIndex(cell) === i);
  const byLayer = <T>(f: (cell: Cell) => T): Record<string, T> =>
    Object.fromEntries(cells.map((cell, i) => [String(i), f(cell)]));

  let builtFor: number | undefined;
  return {
    name: "multiRnnCell",
    outputSize: cells[cells.length - 1].outputSize,
    stateSize: byLayer((cell): StateSize => cell.stateSize),
    memory: [...new Set(cells.flatMap((cell) => cell.memory))],
    gates: byLayer((cell): Gates => cell.gates ?? {}),
    build(inputSize, given = {}) {
      // drivers call it each time
      if (inputSize === builtFor) return;
      const { random = randomStream(0), ...options } = given;
      cells.forEach((cell, i) => {
        const size = i === 0 ? inputSize : cells[i - 1].outputSize;
        cell.build(size, { ...options, random: random.named(String(firstIndex(cell))) });
      });
      builtFor = inputSize;
    },
    parameters(): Parameters {
      return Object.assign({}, ...distinct.map((cell) => withPrefix(String(firstIndex(cell)), cell.parameters())));
    },
    step(input, state, context) {
      let output = input;
      const next: Record<string, State> = {};
      const trace: Record<string, Trace> = {};
      cells.forEach((cell, i) => {
        const random = context?.random?.named(String(i));
        const result = cell.step(output, state[String(i)], { time: context?.time ?? 0, random });
        output = result.output;
        next[String(i)] = result.state;
        if (result.trace) trace[String(i)] = result.trace;
      });
      return { output, state: next as MultiRnnState, trace };
    },
    readsTables: true,
    sequence(inputs, state, context) {
      const next: Record<string, State> = {};
      const traces: Record<string, Trace> = {};
      const run = (cell: Cell, i: number, below: SequenceInputs): Tensor => {
        const random = context.random?.named(String(i));
        const layer: SequenceResult<State> = runSequence(
          cell,
          below,
          state[String(i)],
          Object.assign({}, context, { random }),
        );
        next[String(i)] = layer.state;
        if (layer.trace) traces[String(i)] = layer.trace;
        return layer.outputs;
      };
      const [lowest, ...others] = cells;
      const outputs = others.reduce((below, cell, i) => run(cell, i + 1, below), run(lowest, 0, inputs));
      return {
        outputs,
        state: next as MultiRnnState,
        ...(context.trace && { trace: traces as ByLayer<Trace> }),
      };
    },
  };
}
