/** @file What `diagnose` measures. Letters: T time steps, B rows, H units. */
import { leavesOf, mapTree, type Tree } from "../../../base/index.ts";
import type { TokenBatch } from "../../../data/index.ts";
import { tokenLoss } from "../loss.ts";
import type { LanguageModel } from "../model.ts";
import { clipScale, type Optimizer, type OptimizerState, type Parameters } from "../../../optim/index.ts";
import { type GateRange, gateRanges, type State } from "../../../rnn/index.ts";
import { add, assign, outsideScopes, scope, type Tensor, tensor, valueAndGrad, zeros } from "../../../tensor/index.ts";
import { copyOf } from "../../../train/index.ts";
import type { GateSpread, GradientByStep } from "./diagnosis.ts";

/** A batch [T, B] with the state that comes before it. */
export type MeasuredBatch = TokenBatch & {
  readonly shape: readonly [steps: number, rows: number];
  readonly state: State;
};

/** Parts that a histogram has. */
const BINS = 20;
/** Closer to an end of its range, as a part of it, a gate counts as saturated. */
const SATURATED = 0.05;
/** The part of a state that is the output of its layer. */
const OUTPUT = "h";
/** A unit whose output has a smaller standard deviation is dead. */
const DEAD = 1e-3;

const normOf = (values: Iterable<number>): number => {
  let total = 0;
  for (const x of values) total += x * x;
  return Math.sqrt(total);
};

/** "0/c" -> "c". */
const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** "0/c" -> "rnn/0". */
const layerOf = (path: string): string => `rnn/${path.slice(0, path.lastIndexOf("/"))}`;

/** Gradient norms and updates, over several batches at the same weights. */
export class StepMeter {
  readonly #model: LanguageModel;
  readonly #optimizer: Optimizer;
  readonly #clipNorm: number;
  /** Moved by the optimizer in place of the model's own. */
  readonly #copies: Parameters;
  #state: OptimizerState;
  #batches = 0;
  readonly #norms: Record<string, number> = {};
  #ratios: Record<string, number> = {};

  constructor(model: LanguageModel, optimizer: Optimizer, clipNorm: number) {
    this.#model = model;
    this.#optimizer = optimizer;
    this.#clipNorm = clipNorm;
    this.#copies = Object.fromEntries(Object.entries(model.parameters()).map(([path, x]) => [path, copyOf(x)]));
    this.#state = optimizer.init(this.#copies);
  }

  add(batch: MeasuredBatch): void {
    scope(() => {
      const model = this.#model;
      const parameters = model.parameters();
      const { gradients } = valueAndGrad(() => meanLoss(model, batch), parameters);
      this.#batches++;
      for (const [path, gradient] of Object.entries(gradients))
        this.#norms[path] = (this.#norms[path] ?? 0) + normOf(gradient.values());
      const { scale, finite } = clipScale(gradients, this.#clipNorm);
      if (!finite) return;
      this.#state = this.#optimizer.update(this.#copies, gradients, this.#state, { gradientScale: scale });
      const ratios: Record<string, number> = {};
      for (const [path, copy] of Object.entries(this.#copies)) {
        const weights = parameters[path].values();
        const moved = copy.values();
        assign(copy, weights);
        // biases begin at zero, so that their ratio says nothing
        if (!path.includes("bias")) ratios[path] = normOf(moved.map((x, i) => x - weights[i])) / normOf(weights);
      }
      this.#ratios = ratios;
    });
  }

  /** Means over the batches. */
  get gradientNorms(): Readonly<Record<string, number>> {
    return Object.fromEntries(Object.entries(this.#norms).map(([path, total]) => [path, total / this.#batches]));
  }

  /** Ratios of the last step. */
  get updateRatios(): Readonly<Record<string, number>> {
    return this.#ratios;
  }
}

const meanLoss = (model: LanguageModel, { shape, state, ...batch }: MeasuredBatch): Tensor =>
  tokenLoss(model, batch, shape, { state }).value;

/**
 * Norms of the gradient of the last step's mean loss with respect to the state after each step. One
 * step at a time, since a layer that runs as one op shows the gradients of its first and last state
 * only.
 */
export function gradientByStep(
  model: LanguageModel,
  { inputs, targets, shape, state }: MeasuredBatch,
): GradientByStep[] {
  const [steps, rows] = shape;
  return scope(() => {
    // zeros that are added to the states, so that the tape has the gradients there
    const added = Object.fromEntries(
      Array.from({ length: steps }, (_, t) => [
        String(t),
        mapTree(state as Tree<Tensor>, (part) => zeros(part.shape, part.dtype)),
      ]),
    );
    const { gradients } = valueAndGrad(() => {
      let current = state as Tree<Tensor>;
      let loss: Tensor | undefined;
      for (let t = 0; t < steps; t++) {
        const stepOf = (ids: Int32Array): Int32Array => ids.slice(t * rows, (t + 1) * rows);
        const outside = (t === 0 ? current : sum(current, added[String(t - 1)])) as State;
        if (t + 1 < steps) {
          current = model.forward(tensor(stepOf(inputs), { shape: [1, rows] }), outside).state as Tree<Tensor>;
        } else {
          const last = { inputs: stepOf(inputs), targets: stepOf(targets) };
          loss = tokenLoss(model, last, [1, rows], { state: outside }).value;
        }
      }
      return loss as Tensor;
    }, added as Tree<Tensor>);
    const byLayer = new Map<string, number[]>();
    for (let t = 0; t < steps; t++) {
      for (const [path, part] of leavesOf<Tensor>((gradients as Record<string, Tree<Tensor>>)[String(t)])) {
        const norms = byLayer.get(layerOf(path)) ?? new Array<number>(steps).fill(0);
        norms[t] = Math.hypot(norms[t], normOf(part.values()));
        byLayer.set(layerOf(path), norms);
      }
    }
    // nothing but the loss itself comes after the last step, through the output and not through the
    // state
    return Array.from(byLayer, ([layer, norms]) => ({ layer, norms: norms.slice(0, -1) }));
  });
}

const sum = (a: Tree<Tensor>, b: Tree<Tensor>): Tree<Tensor> => {
  const others = new Map(leavesOf<Tensor>(b));
  return mapTree(a, (part, path) => add(part, others.get(path) as Tensor));
};

/** Values of the gates and of the outputs, collected over batches. */
export class GateMeter {
  readonly #model: LanguageModel;
  readonly #ranges: ReadonlyMap<string, GateRange>;
  readonly #counts = new Map<string, Float64Array>();
  readonly #ends = new Map<string, { low: number; high: number }>();
  /** Sums by layer: the count, and for each unit the sum of the outputs and of their squares. */
  readonly #units = new Map<string, { count: number; sums: Float64Array; squares: Float64Array }>();

  constructor(model: LanguageModel) {
    this.#model = model;
    this.#ranges = gateRanges(model.gates);
  }

  add({ inputs, shape, state }: MeasuredBatch): void {
    scope(() => {
      const { trace = {} } = this.#model.forward(tensor(inputs, { shape: [...shape] }), state, { trace: true });
      for (const [path, values] of leavesOf<Tensor>(trace as unknown as Tree<Tensor>)) {
        if (nameOf(path) === OUTPUT) this.#addUnits(layerOf(path), values);
        const range = this.#ranges.get(path);
        if (range !== undefined) this.#addGate(path, range, values);
      }
    });
  }

  #addGate(path: string, [from, to]: GateRange, values: Tensor): void {
    const counts = this.#counts.get(path) ?? new Float64Array(BINS);
    const ends = this.#ends.get(path) ?? { low: 0, high: 0 };
    for (const x of values.values()) {
      const part = (x - from) / (to - from);
      counts[Math.max(0, Math.min(BINS - 1, Math.floor(part * BINS)))]++;
      // 0.05 from the end: of -1 … 1 that is a smaller part of the range
      const distance = SATURATED / (to - from);
      if (part < distance) ends.low++;
      else if (part > 1 - distance) ends.high++;
    }
    this.#counts.set(path, counts);
    this.#ends.set(path, ends);
  }

  #addUnits(layer: string, values: Tensor): void {
    const units = values.shape[2];
    const found = this.#units.get(layer) ?? {
      count: 0,
      sums: new Float64Array(units),
      squares: new Float64Array(units),
    };
    values.values().forEach((x: number, i: number) => {
      found.sums[i % units] += x;
      found.squares[i % units] += x * x;
    });
    found.count += values.size / units;
    this.#units.set(layer, found);
  }

  get gates(): GateSpread[] {
    return Array.from(this.#counts, ([path, counts]) => {
      const total = counts.reduce((a, b) => a + b, 0);
      const { low, high } = this.#ends.get(path) as { low: number; high: number };
      return {
        layer: layerOf(path),
        gate: nameOf(path),
        range: this.#ranges.get(path) as GateRange,
        low: low / total,
        high: high / total,
        histogram: Array.from(counts, (n) => n / total),
      };
    });
  }

  /** Units that hardly change, and all units, by layer. */
  get dead(): { layer: string; dead: number; units: number }[] {
    return Array.from(this.#units, ([layer, { count, sums, squares }]) => {
      const deviations = Array.from(sums, (total, i) => {
        const average = total / count;
        return Math.sqrt(Math.max(0, squares[i] / count - average * average));
      });
      return { layer, dead: deviations.filter((x) => x < DEAD).length, units: sums.length };
    });
  }
}

/**
 * The state after a batch that began with zeros: what a row that runs on would begin with. Belongs
 * to no scope.
 */
export function stateAfter(model: LanguageModel, { inputs }: TokenBatch, shape: readonly [number, number]): State {
  const values = scope(() => {
    const { state } = model.forward(tensor(inputs, { shape: [...shape] }), model.initialState(shape[1]));
    return leavesOf<Tensor>(state as Tree<Tensor>).map(([path, part]) => [path, part.values()] as const);
  });
  const byPath = new Map(values);
  return outsideScopes(() =>
    mapTree(model.initialState(shape[1]) as Tree<Tensor>, (part, path) =>
      tensor(byPath.get(path) as Float32Array, { shape: [...part.shape] }),
    ),
  ) as State;
}
