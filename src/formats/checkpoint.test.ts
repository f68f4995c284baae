import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { DamagedError, randomStream, UnsupportedError } from "../base/index.ts";
import { sha256 } from "#platform";
import {
  type Checkpoint,
  CHECKPOINT_VERSION,
  decodeCheckpoint,
  decodeNative,
  decodeSafetensors,
  encodeCheckpoint,
  encodeSafetensors,
  type StoredArray,
} from "./index.ts";

const float32 = (shape: number[], data: Float32Array): StoredArray => ({ dtype: "float32", shape, data });

const state = { step: 12, seed: 2 ** 53 - 1, rate: 0.1, "é\n": [null, true, "x", -0, 1e-300], nested: { a: {} } };
const arrays: Record<string, StoredArray> = {
  w: float32([2, 3], Float32Array.of(1, -2, 0.5, NaN, Infinity, -0)),
  m: { dtype: "float64", shape: [3], data: Float64Array.of(1e-300, Math.PI, -1) },
  ids: { dtype: "int32", shape: [2], data: Int32Array.of(-5, 2 ** 31 - 1) },
  mask: { dtype: "bool", shape: [3], data: Uint8Array.of(1, 0, 1) },
  none: float32([0, 4], new Float32Array(0)),
};

const headSize = (bytes: Uint8Array): number => 8 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
const headText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes.subarray(8, headSize(bytes)));

/** The error that decoding rejects with, or undefined. */
async function errorOf(bytes: Uint8Array, name = "a.safetensors"): Promise<unknown> {
  try {
    await decodeCheckpoint(bytes, { name });
    return undefined;
  } catch (error) {
    return error;
  }
}

/**
 * A copy of the file with other metadata and a digest that fits them, as another version would
 * write it.
 */
async function withMetadata(bytes: Uint8Array, change: Record<string, string>): Promise<Uint8Array> {
  const { arrays, metadata } = decodeSafetensors(bytes);
  const changed = encodeSafetensors(arrays, { ...metadata, ...change, "unrolled.digest": "0".repeat(64) });
  const digest = await sha256(changed.subarray(0, headSize(changed)));
  const at = 8 + headText(changed).indexOf('"unrolled.digest":"') + 19;
  changed.set(new TextEncoder().encode(digest), at);
  return changed;
}

describe("round trip", () => {
  test("every bit of the arrays and the state comes back", async () => {
    const back = await decodeCheckpoint(await encodeCheckpoint({ state, arrays }));
    expect(back.version).toBe(CHECKPOINT_VERSION);
    expect(JSON.parse(JSON.stringify(back.state))).toEqual(JSON.parse(JSON.stringify(state)));
    expect(Object.is((back.state as typeof state)["é\n"][3], -0)).toBe(true);
    expect(Object.keys(back.arrays).toSorted()).toEqual(Object.keys(arrays).toSorted());
    for (const [name, array] of Object.entries(arrays)) expect({ ...back.arrays[name] }, name).toEqual(array);
  });

  test("the same contents give the same bytes, whatever the order of the arrays", async () => {
    const reversed = Object.fromEntries(Object.entries(arrays).toReversed());
    expect(await encodeCheckpoint({ state, arrays: reversed })).toEqual(await encodeCheckpoint({ state, arrays }));
  });

  test("a Buffer is read as it is, and not changed", async () => {
    const bytes = Buffer.from(await encodeCheckpoint({ state, arrays }));
    const copy = Uint8Array.from(bytes);
    expect((await decodeCheckpoint(bytes)).arrays["w"].data).toEqual(arrays["w"].data);
    expect(Uint8Array.from(bytes)).toEqual(copy);
  });

  test("without arrays, and with a state of any kind", async () => {
    for (const value of [null, 0, "", [], {}]) {
      const back = await decodeCheckpoint(await encodeCheckpoint({ state: value, arrays: {} }));
      expect(JSON.stringify(back.state)).toBe(JSON.stringify(value));
      expect(back.arrays).toEqual({});
    }
  });

  test("larger than a piece, and out of a larger buffer", async () => {
    const data = Float32Array.from({ length: 3_000_001 }, (_, i) => i).subarray(1);
    const bytes = await encodeCheckpoint({ state, arrays: { data: float32([3_000_000], data), ...arrays } });
    const back = await decodeCheckpoint(bytes);
    expect(Buffer.compare(Buffer.from(back.arrays["data"].data.buffer), Buffer.from(data.slice().buffer))).toBe(0);
    expect(back.arrays["w"].data).toEqual(arrays["w"].data);
  });

  test("any reader of safetensors can open it, and its digests are what they say", async () => {
    const bytes = await encodeCheckpoint({ state, arrays });
    const { arrays: read, metadata } = decodeSafetensors(bytes);
    expect(read["w"].data).toEqual(arrays["w"].data);
    expect(Object.keys(metadata)).toEqual([
      "unrolled.arrays",
      "unrolled.checkpoint",
      "unrolled.digest",
      "unrolled.state",
    ]);
    const digests = JSON.parse(metadata["unrolled.arrays"]) as Record<string, string>;
    for (const [name, { data }] of Object.entries(arrays)) {
      expect(digests[name], name).toBe(await sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)));
    }
    const zeroed = new TextEncoder().encode(headText(bytes).replace(metadata["unrolled.digest"], "0".repeat(64)));
    expect(await sha256(Buffer.concat([bytes.subarray(0, 8), zeroed]))).toBe(metadata["unrolled.digest"]);
    expect(() => decodeNative(bytes)).toThrow(/without an Unrolled configuration/);
  });

  test("text in the state that looks like the digest is not taken for it", async () => {
    const state = { '"unrolled.digest":"': `"unrolled.digest":"${"0".repeat(64)}"` };
    const back = await decodeCheckpoint(await encodeCheckpoint({ state, arrays: { "unrolled.digest": arrays["w"] } }));
    expect({ ...(back.state as object) }).toEqual(state);
  });
});

test.each<[string, unknown, RegExp]>([
  ["NaN", { loss: NaN }, /state loss: expected a finite number, got NaN/],
  ["infinity", { best: [1, -Infinity] }, /state best\[1\]: expected a finite number, got -Infinity/],
  ["an undefined property", { step: undefined }, /state step: expected a value that JSON has, got undefined/],
  ["undefined in a list", [undefined], /state \[0\]: expected a value/],
  ["undefined", undefined, /state: expected a value/],
  ["a typed array", { rng: new Uint32Array(4) }, /state rng: expected a plain object/],
  ["a function", { schedule: () => 0 }, /state schedule: expected a value/],
  ["a key that reaches prototypes", JSON.parse('{"__proto__":1}'), /an ordinary key/],
  ["more than can be read back", new Array(1_000_001).fill(0), /state: expected at most 1000000 values/],
])("a state with %s is refused, not stored as null", async (_, state, message) => {
  await expect(encodeCheckpoint({ state, arrays: {} })).rejects.toThrow(message);
});

test("arrays that are not what they say are refused", async () => {
  const wrong = { w: float32([3], Float32Array.of(1)) };
  await expect(encodeCheckpoint({ state, arrays: wrong })).rejects.toThrow(/encodeCheckpoint "w": expected a shape/);
});

describe("other files", () => {
  test("a model, or any safetensors file", async () => {
    const error = await errorOf(encodeSafetensors(arrays), "model.safetensors");
    expect(error).toBeInstanceOf(DamagedError);
    expect(error).toMatchObject({ code: "ERR_DAMAGED", file: "model.safetensors", array: undefined });
    expect(String(error)).toMatch(/expected a checkpoint, got a safetensors file without/);
  });

  test("a newer version says so, with the file and both versions", async () => {
    const error = await errorOf(
      await withMetadata(await encodeCheckpoint({ state, arrays }), { "unrolled.checkpoint": "2" }),
    );
    expect(error).toBeInstanceOf(UnsupportedError);
    expect(String(error)).toMatch(
      /"a.safetensors": expected a checkpoint of version 1, got version 2. A newer Unrolled/,
    );
  });

  test.each([
    ["no version", { "unrolled.checkpoint": "x" }, /a version number, got "x"/],
    ["no digests", { "unrolled.arrays": "{}" }, /a SHA-256 for each array/],
    ["digests of other arrays", { "unrolled.arrays": '{"a":"","b":"","c":"","d":"","e":""}' }, /a SHA-256 for each/],
    ["a list of digests", { "unrolled.arrays": "[1,2,3,4,5]" }, /a SHA-256 for each/],
    ["a state that is no JSON", { "unrolled.state": "{" }, /state: expected/],
  ])("%s, under a digest that fits", async (_, change, message) => {
    const error = await errorOf(await withMetadata(await encodeCheckpoint({ state, arrays }), change));
    expect(error).toBeInstanceOf(DamagedError);
    expect(String(error)).toMatch(message);
    expect(String(error)).toContain('"a.safetensors"');
  });

  test("a header that declares more than the file holds allocates nothing", async () => {
    const bytes = await encodeCheckpoint({ state, arrays: { w: float32([2], new Float32Array(2)) } });
    const text = headText(bytes).replace(
      '"shape":[2],"data_offsets":[0,8]',
      '"shape":[268435456],"data_offsets":[0,1073741824]',
    );
    const header = new TextEncoder().encode(text);
    const lying = new Uint8Array(8 + header.length + 8);
    new DataView(lying.buffer).setUint32(0, header.length, true);
    lying.set(header, 8);
    const before = process.memoryUsage().arrayBuffers;
    expect(String(await errorOf(lying))).toMatch(
      /1073741824 bytes of data as the header says, got 8. The file is cut off/,
    );
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200_000);
  });
});

describe("damage of a checkpoint of 16 KiB", async () => {
  const random = randomStream(7);
  const fill = (length: number): Float32Array => Float32Array.from({ length }, () => random.normal());
  const good = await encodeCheckpoint({
    state: { step: 1234, epoch: 0.5, seed: 7, cursor: [1, 2, 3], note: "of sixteen kibibytes" },
    arrays: {
      "embedding/weight": float32([30, 40], fill(1200)),
      "lstm/kernel": float32([20, 100], fill(2000)),
      "lstm/bias": float32([433], fill(433)),
      "adam/v": { dtype: "float64", shape: [50], data: Float64Array.from(fill(50)) },
      order: { dtype: "int32", shape: [64], data: random.permutation(64) },
      mask: { dtype: "bool", shape: [12], data: new Uint8Array(12).fill(1) },
    },
  });
  const head = headSize(good);
  /** Name of the array that each byte of the data belongs to. */
  const header = JSON.parse(headText(good)) as Record<string, { data_offsets: [number, number] }>;
  const places = Object.entries(header).filter(([name]) => name !== "__metadata__");
  const arrayAt = (offset: number): string | undefined =>
    places.find(
      ([
        ,
        {
          data_offsets: [begin, end],
        },
      ]) => offset - head >= begin && offset - head < end,
    )?.[0];

  /** Flips a bit, decodes, and flips it back. */
  async function flipped(offset: number, bit: number): Promise<unknown> {
    good[offset] ^= 1 << bit;
    const error = await errorOf(good, "step-00001234.safetensors");
    good[offset] ^= 1 << bit;
    return error;
  }

  test("it is that large", () => {
    expect(good.length).toBe(16_384);
  });

  test("every truncation, and one byte more", async () => {
    for (let size = 0; size < good.length; size++) {
      const error = await errorOf(good.subarray(0, size));
      if (!(error instanceof DamagedError) || !error.message.includes('"a.safetensors"'))
        expect.fail(`${size}: ${String(error)}`);
    }
    const longer = new Uint8Array(good.length + 1);
    longer.set(good);
    expect(await errorOf(longer)).toBeInstanceOf(DamagedError);
  });

  test("every single bit of the header", async () => {
    for (let offset = 0; offset < head; offset++) {
      for (let bit = 0; bit < 8; bit++) {
        const error = await flipped(offset, bit);
        if (!(error instanceof DamagedError) || error.file !== "step-00001234.safetensors")
          expect.fail(`bit ${bit} of byte ${offset}: ${String(error)}`);
      }
    }
    expect(await errorOf(good)).toBeUndefined();
  });

  const flips = process.env["UNROLLED_VERIFY"] === "full" ? 100_000 : 5000;
  test(`${flips} random bits of the data: the error names the array`, async () => {
    const random = randomStream(2026);
    for (let i = 0; i < flips; i++) {
      const offset = head + random.integer(good.length - head);
      const error = await flipped(offset, random.integer(8));
      if (!(error instanceof DamagedError) || error.array !== arrayAt(offset) || error.array === undefined)
        expect.fail(`byte ${offset} in ${arrayAt(offset)}: ${String(error)}`);
    }
    expect(await errorOf(good)).toBeUndefined();
  });
});

describe("files of older versions stay readable", () => {
  const fixture = (version: number): Promise<Checkpoint> => {
    const file = new URL(`../../test/fixtures/checkpoints/v${version}.safetensors`, import.meta.url);
    return decodeCheckpoint(readFileSync(fileURLToPath(file)), { name: file.pathname });
  };

  test("version 1", async () => {
    const { version, state, arrays } = await fixture(1);
    expect(version).toBe(1);
    expect(JSON.parse(JSON.stringify(state))).toEqual({
      step: 1234,
      epoch: 0.75,
      loss: 1.3862943611198906,
      streams: { shuffle: { key: [4294967295, 7], position: 9007199254740991 } },
      text: "Ünï\ncödé \u0000 😀",
      none: null,
      yes: true,
      list: [],
    });
    expect(Object.keys(arrays).toSorted()).toEqual(["cursor", "empty", "lstm/kernel", "mask", "optimizer/m"]);
    expect({ ...arrays["lstm/kernel"] }).toEqual(float32([2, 3], Float32Array.of(1, -2, 0.5, NaN, Infinity, -0)));
    expect({ ...arrays["optimizer/m"] }).toEqual({
      dtype: "float64",
      shape: [3],
      data: Float64Array.of(5e-324, Math.PI, -1),
    });
    expect({ ...arrays["cursor"] }).toEqual({
      dtype: "int32",
      shape: [2],
      data: Int32Array.of(-(2 ** 31), 2 ** 31 - 1),
    });
    expect({ ...arrays["mask"] }).toEqual({ dtype: "bool", shape: [3], data: Uint8Array.of(1, 0, 1) });
    expect({ ...arrays["empty"] }).toEqual(float32([0, 4], new Float32Array(0)));
  });
});
