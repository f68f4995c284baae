import { type Tree, mapTree } from "../base/index.ts";
import { Keeper, type Tensor, zeros } from "../tensor/index.ts";
import type { State } from "./cell.ts";
import { carryInto } from "./state.ts";

/**
 * A state that is carried from call to call, always in the same tensors, so that nothing is left
 * behind.
 */
export class CarriedState {
  readonly #keeper = new Keeper();
  #state: State | undefined;

  /** Undefined before anything was carried. It changes with the next `carry`. */
  get state(): State | undefined {
    return this.#state;
  }

  /** Copies `next`, whose shapes must be those of before, so that its own tensors can be freed. */
  carry(next: State): void {
    this.#state ??= this.#keeper.keep(() =>
      mapTree(next as unknown as Tree<Tensor>, ({ shape, dtype }) => zeros(shape, dtype)),
    ) as unknown as State;
    carryInto(this.#state, next);
  }

  free(): void {
    this.#keeper.free();
    this.#state = undefined;
  }
}
