/**
 * @file The weights of one layer. Keras 3 stores them by the place of the layer in its model and a
 * number; older files list them by name, those that are not trained after the others.
 */
import { FormatError, formatShape, sentence } from "../../base/index.ts";
import type { StoredArray } from "../../formats/index.ts";
import type { Hdf5Group } from "../hdf5/contents.ts";
import type { StoredTensor } from "../weights.ts";
import { asFloat32, type Builder } from "./builder.ts";
import { groupAt } from "./files.ts";

/** Sizes of a weight; null where any will do. */
export type WantedShape = readonly (number | null)[];

/** Place of the weights of a layer. */
export type WeightPlace = {
  /** The weight of this name, which is the `index`-th of its part of the layer. */
  readonly take: (where: string, name: string, index: number) => StoredTensor;
  /** The shape of a weight that a list has; undefined in files of Keras 3. */
  readonly shapeInList: (name: string) => readonly number[] | undefined;
  /**
   * Weights of a part, such as the cell of an RNN: its path in files of Keras 3, and its name in
   * the names of a list.
   */
  readonly inside: (path: string, name: string) => WeightPlace;
};

/** Weights in the groups of Keras 3. */
export function groupedWeights(group: Hdf5Group | undefined): WeightPlace {
  return {
    take(where, name, index) {
      const array = group && groupAt(group, "vars")?.arrays.get(String(index));
      if (array === undefined) {
        const path = group === undefined ? "none for this layer" : `no ${group.path}/vars/${index}`;
        throw new FormatError(sentence(where, `a weight ${JSON.stringify(name)}`, path));
      }
      return array;
    },
    shapeInList: () => undefined,
    inside: (path) => groupedWeights(group && groupAt(group, path)),
  };
}

/** Weights of a list, found by their names. What is taken is gone. */
export function listedWeights(list: readonly StoredTensor[]): WeightPlace {
  const left = new Map(list.map((tensor) => [tensor, tensor.name.replace(/_\d+$/, "").split("/")]));
  const within = (isInside: (path: readonly string[]) => boolean): WeightPlace => {
    const find = (name: string): StoredTensor | undefined =>
      [...left].find(([, path]) => path.at(-1) === name && isInside(path))?.[0];
    return {
      take(where, name) {
        const tensor = find(name);
        if (tensor === undefined) {
          const others = [...left.keys()].slice(0, 8).map((one) => one.name);
          throw new FormatError(sentence(where, `a weight ${JSON.stringify(name)}`, others.join(", ") || "none left"));
        }
        left.delete(tensor);
        return tensor;
      },
      shapeInList: (name) => find(name)?.shape,
      inside(_, name) {
        // names of parts may be others than they are in the configuration: then any will do
        const isOf = (path: readonly string[]): boolean => isInside(path) && path.slice(0, -1).includes(name);
        return [...left.values()].some(isOf) ? within(isOf) : within(isInside);
      },
    };
  };
  return within(() => true);
}

/** The weights of one layer, or of a part of it, which become weights of the network. */
export class LayerWeights {
  readonly #where: string;
  readonly #builder: Builder;
  /** Place in the file. */
  readonly place: WeightPlace;
  readonly #at: string;
  readonly isFrozen: boolean;
  readonly #known = new Map<string, string>();
  readonly #parts = new Map<string, LayerWeights>();
  #count = 0;

  constructor(
    where: string,
    builder: Builder,
    place: WeightPlace,
    { at, isFrozen }: { at: string; isFrozen: boolean },
  ) {
    this.#where = where;
    this.#builder = builder;
    this.place = place;
    this.#at = at;
    this.isFrozen = isFrozen;
  }

  /** The weights of a part: `path` in files of Keras 3, `name` before the names of its weights. */
  part(path: string, name: string): LayerWeights {
    const known = this.#parts.get(path);
    if (known !== undefined) return known;
    const made = new LayerWeights(this.#where, this.#builder, this.place.inside(path, name), {
      at: `${this.#at}/${name}`,
      isFrozen: this.isFrozen,
    });
    this.#parts.set(path, made);
    return made;
  }

  /** The shape of a weight in the file, where it is an older one; undefined once it is taken. */
  shapeInList(name: string): readonly number[] | undefined {
    return this.#known.has(name) ? undefined : this.place.shapeInList(name);
  }

  /**
   * The next weight, as the name of a value. `change` makes another array of it; `isFrozen` says
   * that training leaves it alone.
   */
  take(
    name: string,
    shape: WantedShape | ((array: StoredArray) => WantedShape),
    {
      change,
      isFrozen = false,
    }: { change?: ((array: StoredArray) => StoredArray) | undefined; isFrozen?: boolean } = {},
  ): string {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const where = `${this.#where} ${JSON.stringify(name)}`;
    const stored = asFloat32(this.place.take(where, name, this.#count++).read());
    const array = change === undefined ? stored : change(stored);
    const wanted = typeof shape === "function" ? shape(array) : shape;
    if (wanted.length !== array.shape.length || wanted.some((n, i) => n !== null && n !== array.shape[i]))
      throw new FormatError(sentence(where, `[${wanted.map((n) => n ?? "any").join(", ")}]`, formatShape(array.shape)));
    const value = this.#builder.weight(`${this.#at}/${name}`, array, this.isFrozen || isFrozen);
    this.#known.set(name, value);
    return value;
  }
}
