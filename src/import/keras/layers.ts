/** @file Every layer of Keras that can become part of a network. */
import { attentionLayers } from "./layers-attention.ts";
import { convolutionLayers } from "./layers-convolution.ts";
import { coreLayers } from "./layers-core.ts";
import { mergeLayers } from "./layers-merge.ts";
import { isKnownCell, recurrentLayers } from "./layers-recurrent.ts";
import { type Config, isObject, layerEntry, type LayerEntry } from "./config.ts";
import type { LayerImporter, LayerImporters } from "./layer.ts";
import { operations } from "./operations.ts";

const layers: LayerImporters = {
  ...attentionLayers,
  ...convolutionLayers,
  ...coreLayers,
  ...mergeLayers,
  ...recurrentLayers,
};

/** Models inside of models. */
const MODELS: readonly string[] = ["Functional", "Model", "Sequential"];
export const isModel = ({ className }: LayerEntry): boolean => MODELS.includes(className);

/**
 * Whether a node of a functional model is an operation of `keras.ops`, not a layer. HDF5 files do
 * not name its package, but only layers can be trained.
 */
export const isOperation = ({ module, className, config }: LayerEntry): boolean =>
  module === ""
    ? Object.hasOwn(operations, className) && !("trainable" in config.values)
    : /^keras\.(src\.)?ops\b/.test(module);

/** Importer that turns a layer into ops; undefined for one that is not known. */
export function importerOf(entry: LayerEntry): LayerImporter | undefined {
  const table = isOperation(entry) ? operations : layers;
  return Object.hasOwn(table, entry.className) ? table[entry.className] : undefined;
}

/** The layers in a configuration that are not known, those inside of others included. */
export function unknownLayers(entry: LayerEntry): string[] {
  const inner = (config: Config, name: string): LayerEntry[] => {
    const value = config.get(name);
    const list = Array.isArray(value) ? value : [value];
    return list.filter((item) => isObject(item) && "class_name" in item).map((item) => layerEntry(config.where, item));
  };
  const name = `${entry.className} ${JSON.stringify(entry.name)}`;
  if (isModel(entry)) return inner(entry.config, "layers").flatMap(unknownLayers);
  if (entry.className === "InputLayer") return [];
  if (entry.className === "StackedRNNCells") return inner(entry.config, "cells").flatMap(unknownLayers);
  if (entry.className.endsWith("Cell")) return isKnownCell(entry.className) ? [] : [name];
  if (importerOf(entry) === undefined) return [name];
  return ["layer", "backward_layer", "cell"].flatMap((key) => inner(entry.config, key)).flatMap(unknownLayers);
}
