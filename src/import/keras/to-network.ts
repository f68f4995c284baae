/** @file A model of Keras as a network: its layers one after the other, each as ops. */
import { FormatError, sentence, UnsupportedError } from "../../base/index.ts";
import type { JsonValue } from "../../formats/index.ts";
import type { NetworkContents, NetworkValue } from "../../network/index.ts";
import { Builder, type Value } from "./builder.ts";
import { type InboundCall, inboundCalls, keyOf, refsIn, type TensorRef } from "./calls.ts";
import { Config, layerEntry, type LayerEntry } from "./config.ts";
import type { LayerCall } from "./layer.ts";
import { importerOf, isModel, isOperation, unknownLayers } from "./layers.ts";
import { LayerWeights, type WeightPlace } from "./weights.ts";

/** A model of Keras with its weights. */
export type KerasModel = {
  readonly config: JsonValue;
  /** The weights of the whole model. */
  readonly weights: WeightPlace;
  /** Version of Keras that wrote it. */
  readonly version: string;
};

/** Operator set whose meanings of ops are used. */
const OPSET = 21;
const DEEPEST = 32;

/** The network of a model. Throws UnsupportedError that names all layers that are not known. */
export function kerasToNetwork(where: string, { config, weights, version }: KerasModel): NetworkContents {
  const model = layerEntry(where, config);
  if (!isModel(model))
    throw new UnsupportedError(sentence(where, "a Sequential or functional model", `a ${model.className}`));
  const unknown = [...new Set(unknownLayers(model))];
  if (unknown.length > 0) throw new UnsupportedError(sentence(where, "layers that are known", unknown.join(", ")));
  const keras = Number.parseInt(version, 10) || 2;
  const importer = new ModelImporter(where, keras);
  const { inputs, outputs } = importer.model(model, weights);
  const { builder } = importer;
  const { arrays, constants, frozen } = builder.contents();
  return {
    opset: OPSET,
    graph: {
      inputs,
      outputs: outputs.map(({ name, dtype, rank }) => ({
        name,
        dtype,
        shape: Array.from({ length: rank }, () => null),
      })),
      nodes: builder.nodes,
    },
    arrays,
    constants,
    frozen,
    metadata: { format: "keras", version },
  };
}

/** Place of the layers of a model: names before theirs, its weights, how deep it lies. */
type Place = { readonly at: string; readonly weights: WeightPlace; readonly depth: number; readonly isFrozen: boolean };

class ModelImporter {
  readonly builder = new Builder();
  readonly #where: string;
  readonly #keras: number;
  readonly #inputs: NetworkValue[] = [];
  /** Weights of layers by the whole name: a model that is called twice has them once. */
  readonly #weights = new Map<string, LayerWeights>();

  constructor(where: string, keras: number) {
    this.#where = where;
    this.#keras = keras;
  }

  /** The whole model, whose inputs are those of the network. */
  model(model: LayerEntry, weights: WeightPlace): { inputs: NetworkValue[]; outputs: Value[] } {
    const values = this.#run(model, undefined, { at: "", weights, depth: 0, isFrozen: false });
    const seen = new Set(this.#inputs.map(({ name }) => name));
    const outputs = values.map((value) => {
      const name = seen.has(value.name) ? this.builder.alias(`${value.name}:out`, value.name) : value.name;
      seen.add(name);
      return { ...value, name };
    });
    return { inputs: this.#inputs, outputs };
  }

  /** A model on values, or on inputs of the network where there are none. */
  #run(model: LayerEntry, given: readonly Value[] | undefined, place: Place): Value[] {
    if (place.depth > DEEPEST)
      throw new FormatError(sentence(this.#where, `at most ${DEEPEST} models inside each other`, "more"));
    const layers = model.config.list("layers").map((layer) => layerEntry(this.#where, layer));
    const weights = this.#weightsOfLayers(layers, model, place);
    return model.className === "Sequential"
      ? this.#sequential(model, layers, weights, given, place)
      : this.#functional(model, layers, weights, given, place);
  }

  /** The weights of each layer. Keras 3 names places by the classes of layers, in their order. */
  #weightsOfLayers(layers: readonly LayerEntry[], model: LayerEntry, place: Place): Map<LayerEntry, LayerWeights> {
    const used = new Map<string, number>();
    const found = new Map<LayerEntry, LayerWeights>();
    const names = new Set<string>();
    const twice = layers.find(({ name }) => names.size === names.add(name).size);
    if (twice !== undefined)
      throw new FormatError(sentence(model.config.where, "each layer once", `${JSON.stringify(twice.name)} twice`));
    layers.forEach((layer, i) => {
      if (isOperation(layer)) return;
      // a sequential model does not count its input among its layers
      if (layer.className === "InputLayer" && model.className === "Sequential" && i === 0) return;
      const name = snakeCase(layer.className);
      const count = used.get(name) ?? 0;
      used.set(name, count + 1);
      const path = `layers/${count === 0 ? name : `${name}_${count}`}`;
      const at = place.at + layer.name;
      const isFrozen = place.isFrozen || !layer.config.flag("trainable", true);
      const weights =
        this.#weights.get(at) ??
        new LayerWeights(layer.config.where, this.builder, place.weights.inside(path, layer.name), { at, isFrozen });
      this.#weights.set(at, weights);
      found.set(layer, weights);
    });
    return found;
  }

  #sequential(
    model: LayerEntry,
    layers: readonly LayerEntry[],
    weights: ReadonlyMap<LayerEntry, LayerWeights>,
    given: readonly Value[] | undefined,
    place: Place,
  ): Value[] {
    const [first] = layers;
    const hasInput = first?.className === "InputLayer";
    const rest = hasInput ? layers.slice(1) : layers;
    let values = given;
    if (values === undefined) {
      const declared = hasInput ? first : rest[0];
      if (declared === undefined) throw new FormatError(sentence(this.#where, "a layer", "an empty model"));
      const shape = shapeOf(declared.config) ?? model.config.get("build_input_shape") ?? declared.inputShape;
      const isIds = rest[0]?.className === "Embedding";
      values = [this.#input(hasInput ? first.name : `${declared.name}_input`, declared.config, shape, isIds)];
    }
    for (const layer of rest)
      values = this.#call(layer, { inputs: values, weights: weights.get(layer) as LayerWeights, place, call: 0 });
    return [...values];
  }

  #functional(
    model: LayerEntry,
    layers: readonly LayerEntry[],
    weights: ReadonlyMap<LayerEntry, LayerWeights>,
    given: readonly Value[] | undefined,
    place: Place,
  ): Value[] {
    const { where } = model.config;
    const byName = new Map<string, { layer: LayerEntry; calls: readonly InboundCall[] }>();
    for (const layer of layers)
      byName.set(layer.name, { layer, calls: inboundCalls(layer.config.where, layer.inbound) });
    const values = new Map<string, Value>();
    const wanted = refsIn(where, model.config.get("output_layers"));
    countFromZero(byName, wanted);
    const inputs = refsIn(where, model.config.get("input_layers"));
    const isIds = (ref: TensorRef): boolean => {
      const readers = [...byName.values()].filter(({ calls }) =>
        calls.some((call) => call.inputs.some((input) => input.layer === ref.layer)),
      );
      return (
        readers.some(({ layer }) => layer.className === "Embedding") &&
        readers.every(({ layer }) => layer.className === "Embedding" || isOperation(layer))
      );
    };
    inputs.forEach((ref, i) => {
      const layer = byName.get(ref.layer)?.layer;
      if (layer === undefined || (given !== undefined && given[i] === undefined))
        throw new FormatError(sentence(where, `an input ${JSON.stringify(ref.layer)}`, "none"));
      const value = given?.[i] ?? this.#input(layer.name, layer.config, shapeOf(layer.config), isIds(ref));
      values.set(keyOf(ref), value);
    });
    for (const ref of inOrder(where, byName, wanted, values)) {
      const { layer, calls } = byName.get(ref.layer) as { layer: LayerEntry; calls: readonly InboundCall[] };
      const call = calls[ref.node];
      const valueOf = (one: TensorRef): Value => values.get(keyOf(one)) as Value;
      const results = this.#call(layer, {
        inputs: call.inputs.map((input, i) => {
          const mask = call.masks[i];
          return mask === undefined ? valueOf(input) : { ...valueOf(input), mask: valueOf(mask).name };
        }),
        states: call.states.map(valueOf),
        // Keras 3 passes no mask to a layer that is called with states, unless it is told to
        ignoresMask: this.#keras >= 3 && call.states.length > 0 && call.masks[0] === undefined,
        settings: call.settings,
        weights: weights.get(layer),
        place,
        call: ref.node,
      });
      results.forEach((value, index) => values.set(keyOf({ ...ref, index }), value));
    }
    return wanted.map((ref) => {
      const value = values.get(keyOf(ref));
      if (value === undefined) throw new FormatError(sentence(where, `an output ${keyOf(ref)}`, "none"));
      return value;
    });
  }

  /** An input of the network. Ids of an embedding are integers, whatever Keras says. */
  #input(name: string, config: Config, given: JsonValue | undefined, isIds: boolean): Value {
    const dtypes: Readonly<Record<string, Value["dtype"]>> = {
      bool: "bool",
      float16: "float32",
      float32: "float32",
      float64: "float32",
      int32: "int32",
      int64: "int32",
      uint8: "int32",
    };
    if (!Array.isArray(given)) throw config.error("batch_shape", "the shape of the input", given);
    const shape = given.map((size) => {
      if (size !== null && !(typeof size === "number" && Number.isInteger(size) && size >= 0))
        throw config.error("batch_shape", "sizes or null", given);
      return size;
    });
    const dtype = config.get("dtype");
    const known = typeof dtype === "string" && Object.hasOwn(dtypes, dtype) ? dtypes[dtype] : "float32";
    if (dtype === "string") throw new UnsupportedError(sentence(`${config.where} dtype`, "numbers", "texts"));
    const value: Value = {
      name: this.builder.unique(name),
      rank: shape.length,
      dtype: isIds ? "int32" : known,
      mask: undefined,
    };
    this.#inputs.push({ name: value.name, dtype: value.dtype, shape: [null, ...shape.slice(1)] });
    return value;
  }

  /** One call of a layer, whose outputs get its name. */
  #call(
    layer: LayerEntry,
    {
      inputs,
      states = [],
      settings = {},
      ignoresMask = false,
      weights,
      place,
      call,
    }: {
      inputs: readonly Value[];
      states?: readonly Value[];
      settings?: { readonly [name: string]: JsonValue };
      ignoresMask?: boolean;
      weights: LayerWeights | undefined;
      place: Place;
      call: number;
    },
  ): Value[] {
    const at = place.at + layer.name;
    const { where } = layer.config;
    if (inputs.length === 0) throw new FormatError(sentence(where, "at least one input", "none"));
    let values: readonly Value[];
    if (isModel(layer)) {
      values = this.#run(layer, inputs, {
        at: `${at}/`,
        weights: (weights as LayerWeights).place,
        depth: place.depth + 1,
        isFrozen: (weights as LayerWeights).isFrozen,
      });
    } else {
      const importer = importerOf(layer);
      if (importer === undefined) throw new UnsupportedError(sentence(where, "a layer that is known", layer.className));
      const own = weights ?? new LayerWeights(where, this.builder, NO_WEIGHTS, { at, isFrozen: true });
      const made: LayerCall = {
        builder: this.builder,
        at,
        className: layer.className,
        config: layer.config,
        weights: own,
        inputs,
        states,
        mask: ignoresMask ? undefined : inputs[0].mask,
        settings: new Config(where, { ...settings }),
        keras: this.#keras,
        callPart: (part) => {
          const entry = layerEntry(where, part.layer);
          const changed = part.settings ?? {};
          const name = typeof changed["name"] === "string" ? changed["name"] : entry.name;
          return this.#call(
            { ...entry, name, config: new Config(entry.config.where, { ...entry.config.values, ...changed }) },
            {
              inputs: part.inputs,
              states: part.states ?? [],
              ignoresMask: part.mask === undefined,
              weights: own.part(part.path, name),
              place: { ...place, at: `${at}/`, depth: place.depth + 1 },
              call,
            },
          );
        },
      };
      values = importer(made);
    }
    const suffix = call === 0 ? "" : `@${call}`;
    return values.map((value, i) => ({
      ...value,
      name: this.builder.alias(`${at}${suffix}${i === 0 ? "" : `:${i}`}`, value.name),
    }));
  }
}

const NO_WEIGHTS: WeightPlace = {
  take(where, name) {
    throw new FormatError(sentence(where, `a weight ${JSON.stringify(name)}`, "none"));
  },
  shapeInList: () => undefined,
  inside: () => NO_WEIGHTS,
};

/**
 * A model inside of another one has a call of its own before those that are in the file: then there
 * are references to a call more than there are. It is put in their place.
 */
function countFromZero(
  layers: Map<string, { readonly layer: LayerEntry; readonly calls: readonly InboundCall[] }>,
  wanted: readonly TensorRef[],
): void {
  const refs = [
    ...wanted,
    ...[...layers.values()].flatMap(({ calls }) =>
      calls.flatMap(({ inputs, states, masks }) => [
        ...inputs,
        ...states,
        ...masks.filter((mask) => mask !== undefined),
      ]),
    ),
  ];
  for (const { layer: name, node } of refs) {
    const found = layers.get(name);
    if (found === undefined || !isModel(found.layer) || node !== found.calls.length || node === 0) continue;
    layers.set(name, { ...found, calls: [found.calls[0], ...found.calls] });
  }
}

/** The calls that the wanted values need, each after those whose values it reads. */
function inOrder(
  where: string,
  layers: ReadonlyMap<string, { readonly layer: LayerEntry; readonly calls: readonly InboundCall[] }>,
  wanted: readonly TensorRef[],
  known: ReadonlyMap<string, Value>,
): TensorRef[] {
  const done = new Set([...known.keys()].map((key) => JSON.stringify((JSON.parse(key) as unknown[]).slice(0, 2))));
  const open = new Set<string>();
  const order: TensorRef[] = [];
  const stack: { ref: TensorRef; isEntered: boolean }[] = wanted.map((ref) => ({ ref, isEntered: false })).toReversed();
  for (let item = stack.pop(); item !== undefined; item = stack.pop()) {
    const { ref, isEntered } = item;
    const key = JSON.stringify([ref.layer, ref.node]);
    if (isEntered) {
      open.delete(key);
      done.add(key);
      order.push({ ...ref, index: 0 });
      continue;
    }
    if (done.has(key)) continue;
    if (open.has(key)) throw new FormatError(sentence(where, "layers without a cycle", `one through ${key}`));
    const call = layers.get(ref.layer)?.calls[ref.node];
    if (call === undefined) throw new FormatError(sentence(where, `a call ${key}`, "none"));
    open.add(key);
    stack.push({ ref, isEntered: true });
    const needed = [...call.inputs, ...call.states, ...call.masks.filter((mask) => mask !== undefined)];
    for (const one of needed.toReversed()) stack.push({ ref: one, isEntered: false });
  }
  return order;
}

/** The shape of an input with its batch. */
const shapeOf = (config: Config): JsonValue | undefined =>
  config.get("batch_shape") ?? config.get("batch_input_shape") ?? undefined;

/** Names of places in files of Keras 3: "lstm" for LSTM, "time_distributed" for TimeDistributed. */
const snakeCase = (name: string): string =>
  name
    .replaceAll(/\W+/g, "")
    .replaceAll(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replaceAll(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
