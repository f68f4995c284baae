/** @file What all layers have in common. */
import { valueError } from "../base/index.ts";
import type { BuildOptions, Parameters } from "../rnn/index.ts";

/** Anything with named parameters: a layer, a cell, a model. */
export type Layer = {
  /** Every trainable tensor by its path. */
  parameters(): Parameters;
};

export type LayerOptions = BuildOptions & {
  /**
   * Beginning of the paths of its parameters, such as "output" in `output/kernel`. Default: the
   * kind of layer.
   */
  readonly name?: string | undefined;
};

/**
 * The parameters of several layers, in this order, as those of one model. Throws RangeError where
 * two have the same path.
 */
export function parametersOf(...layers: readonly (Layer | undefined)[]): Parameters {
  const all: Record<string, Parameters[string]> = {};
  for (const layer of layers) {
    for (const [path, value] of Object.entries(layer?.parameters() ?? {})) {
      if (Object.hasOwn(all, path))
        throw valueError("parametersOf", "a different path for each parameter", path, "Give each layer a name");
      all[path] = value;
    }
  }
  return all;
}

/** Number of trainable numbers. */
export const parameterCount = (layer: Layer): number =>
  Object.values(layer.parameters()).reduce((total, { size }) => total + size, 0);
