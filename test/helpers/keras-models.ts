/** @file Models with random weights that Keras saved, with what they answer. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync } from "node:zlib";
import { scope, tensor } from "../../src/index.ts";
import type { Network } from "../../src/import/index.ts";

export type KerasNumbers = { readonly dtype: "float32" | "int32"; readonly shape: number[]; readonly data: number[] };

export type KerasCase = {
  readonly name: string;
  /** Name of the file: model.keras or model.h5. */
  readonly file: string;
  readonly data: Uint8Array;
  readonly inputs: readonly KerasNumbers[];
  readonly outputs: readonly KerasNumbers[];
};

/** The models of test/golden/data/keras-models.json. */
export function kerasCases(): KerasCase[] {
  const path = fileURLToPath(new URL("../golden/data/keras-models.json", import.meta.url));
  const { files, cases } = JSON.parse(readFileSync(path, "utf8")) as {
    files: string;
    cases: (Omit<KerasCase, "data"> & { bytes: number })[];
  };
  const packed = new Uint8Array(brotliDecompressSync(Buffer.from(files, "base64")));
  let end = 0;
  return cases.map((one) => ({ ...one, data: packed.slice(end, (end += one.bytes)) }));
}

/** What a model answers, in the order of its outputs. */
export function runModel(model: Network, inputs: readonly KerasNumbers[]): { shape: number[]; data: number[] }[] {
  return scope(() => {
    const given = Object.fromEntries(
      model.inputs.map(({ name, dtype }, i) => {
        const { shape, data } = inputs[i];
        return [name, tensor(data, { shape, dtype })];
      }),
    );
    const values = model.run(given);
    return model.outputs.map(({ name }) => ({
      shape: [...values[name].shape],
      data: Array.from(values[name].values()),
    }));
  });
}
