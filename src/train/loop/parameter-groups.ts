/** @file Which parameters are trained, by which optimizer and at which rate. */
import { checkNumber, valueError } from "../../base/index.ts";
import type { Optimizer, OptimizerState, Parameters } from "../../optim/index.ts";

/** Parameters that are treated alike. */
export type ParameterGroup = {
  /**
   * Paths, or their beginnings up to a "/": "output" stands for `output/kernel` and `output/bias`.
   */
  readonly parameters: readonly string[];
  /** Default: the run's optimizer. With one of its own, a group has its own weight decay. */
  readonly optimizer?: Optimizer;
  /** Multiplies the learning rate. Default 1. */
  readonly rateFactor?: number;
  /** Left as they are, without gradients. Default false. */
  readonly frozen?: boolean;
};

type Group = { readonly parameters: Parameters; readonly optimizer: Optimizer; readonly rateFactor: number };

const matches = (path: string, name: string): boolean => path === name || path.startsWith(`${name}/`);

/**
 * The optimizers of a run with their memory: one for each group, and one for the parameters that
 * are in none.
 */
export class GroupedOptimizer {
  /** All that are trained. */
  readonly trained: Parameters;
  readonly #groups: readonly Group[];
  /** Every slot by its path: `m/rnn/0/kernel`. */
  readonly slots: Parameters;
  #states: OptimizerState[];

  /**
   * Throws RangeError for a path that no parameter has, that two groups have, or when nothing is
   * left to train.
   */
  constructor(parameters: Parameters, optimizer: Optimizer, groups: readonly ParameterGroup[]) {
    const left = new Map(Object.entries(parameters));
    const take = (names: readonly string[], at: number): Parameters => {
      const taken: Record<string, Parameters[string]> = {};
      for (const name of names) {
        const found = [...left.keys()].filter((path) => matches(path, name));
        if (found.length === 0) {
          const expected = `a parameter of the model that is in no other group (${Object.keys(parameters).join(", ")})`;
          throw valueError(`train groups[${at}].parameters`, expected, name);
        }
        for (const path of found) {
          taken[path] = left.get(path) as Parameters[string];
          left.delete(path);
        }
      }
      return taken;
    };
    const made = groups.map(({ parameters: names, optimizer: own = optimizer, rateFactor = 1, frozen }, at) => {
      checkNumber(`train groups[${at}].rateFactor`, rateFactor, 0);
      const group = { parameters: take(names, at), optimizer: own, rateFactor };
      return frozen === true ? undefined : group;
    });
    const rest = { parameters: Object.fromEntries(left), optimizer, rateFactor: 1 };
    this.#groups = [...made.filter((group) => group !== undefined), rest].filter(
      (group) => Object.keys(group.parameters).length > 0,
    );
    const all = Object.assign({}, ...this.#groups.map((group) => group.parameters)) as Parameters;
    // in the model's own order
    this.trained = Object.fromEntries(Object.entries(parameters).filter(([path]) => Object.hasOwn(all, path)));
    if (Object.keys(this.trained).length === 0) throw valueError("train groups", "something to train", "all frozen");
    this.#states = this.#groups.map((group) => group.optimizer.init(group.parameters));
    this.slots = Object.fromEntries(
      this.#states.flatMap(({ slots }) =>
        Object.entries(slots).flatMap(([slot, tensors]) =>
          Object.entries(tensors).map(([path, tensor]) => [`${slot}/${path}`, tensor] as const),
        ),
      ),
    );
  }

  /** Name and settings of each group's optimizer, as plain JSON. */
  get config(): { name: string; config: Optimizer["config"]; rateFactor: number; parameters: string[] }[] {
    return this.#groups.map(({ optimizer, rateFactor, parameters }) => ({
      name: optimizer.name,
      config: optimizer.config,
      rateFactor,
      parameters: Object.keys(parameters),
    }));
  }

  /** The rate that the first group's optimizer was made with; undefined for one that has none. */
  get learningRate(): number | undefined {
    const own = this.#groups[0].optimizer.config["learningRate"];
    return typeof own === "number" ? own : undefined;
  }

  /** Updates done. */
  get step(): number {
    return this.#states[0].step;
  }

  /** Continues the count of a run that is resumed. */
  resumeAt(step: number): void {
    this.#states = this.#states.map(({ slots }) => ({ step, slots }));
  }

  /** One step of every group. `rate` undefined: each optimizer's own. */
  update(gradients: Parameters, rate: number | undefined, gradientScale: number): void {
    this.#groups.forEach(({ parameters, optimizer, rateFactor }, at) => {
      const own =
        this.#groups.length === 1
          ? gradients
          : Object.fromEntries(Object.keys(parameters).map((path) => [path, gradients[path]]));
      const base = rate ?? (optimizer.config["learningRate"] as number);
      this.#states[at] = optimizer.update(parameters, own, this.#states[at], {
        learningRate: base * rateFactor,
        gradientScale,
      });
    });
  }
}
