import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FormatError, randomStream, sizeOf, typedArray } from "../base/index.ts";
import type { DType, TypedArray } from "../base/index.ts";
import { decodeSafetensors, encodeSafetensors } from "./index.ts";
import type { StoredArray } from "./index.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A file from header text (padded to `size` if given) and data. */
function file(header: string, data: ArrayLike<number> = [], size?: number): Uint8Array {
  const text = utf8(header);
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(size ?? text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}
const one = (dtype: string, shape: unknown, offsets: unknown, more = ""): string =>
  `{"x":{"dtype":"${dtype}","shape":${JSON.stringify(shape)},"data_offsets":${JSON.stringify(offsets)}${more}}}`;
const array = (dtype: DType, shape: number[], values: number[]): StoredArray => {
  const data = typedArray(dtype, values.length);
  data.set(values);
  return { dtype, shape, data };
};

const stored = fc
  .record({
    dtype: fc.constantFrom<DType>("float32", "float64", "int32", "bool"),
    shape: fc.array(fc.nat(3), { maxLength: 4 }),
    seed: fc.nat(1e6),
  })
  .map(({ dtype, shape, seed }): StoredArray => {
    const random = randomStream(seed);
    const data = typedArray(dtype, sizeOf(shape));
    if (dtype === "bool") for (let i = 0; i < data.length; i++) data[i] = random.integer(2);
    else {
      // any bits at all: NaN payloads and -0 too
      const raw = new Uint8Array(data.buffer);
      for (let i = 0; i < raw.length; i++) raw[i] = random.integer(256);
    }
    return { dtype, shape, data };
  });
const reserved = new Set(["__proto__", "constructor", "prototype", "__metadata__"]);
const name = fc.string({ unit: "binary", maxLength: 20 }).filter((s) => !reserved.has(s));
const rawOf = (data: TypedArray): number[] => [...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)];

describe("round trip", () => {
  test("every bit comes back, from any alignment, in arrays of their own", () => {
    fc.assert(
      fc.property(
        fc.dictionary(name, stored, { maxKeys: 8 }),
        fc.dictionary(name, fc.string({ unit: "binary" }), { maxKeys: 4 }),
        fc.nat(7),
        (arrays, metadata, shift) => {
          const bytes = encodeSafetensors(arrays, metadata);
          const moved = new Uint8Array(bytes.length + 16).subarray(shift, shift + bytes.length);
          moved.set(bytes);
          const back = decodeSafetensors(moved);
          expect({ ...back.metadata }).toEqual({ ...metadata });
          expect(Object.keys(back.arrays).toSorted()).toEqual(Object.keys(arrays).toSorted());
          for (const key of Object.keys(arrays)) {
            expect(back.arrays[key].dtype).toBe(arrays[key].dtype);
            expect(back.arrays[key].shape).toEqual(arrays[key].shape);
            expect(rawOf(back.arrays[key].data)).toEqual(rawOf(arrays[key].data));
            expect(back.arrays[key].data.buffer).not.toBe(moved.buffer);
            expect(back.arrays[key].data.buffer.byteLength).toBe(back.arrays[key].data.byteLength);
          }
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });

  test("a slice of Node's shared pool is read at its own offset", () => {
    const pooled = Buffer.from(encodeSafetensors({ x: array("float32", [2], [1.5, -2]) }));
    expect([...decodeSafetensors(pooled).arrays.x.data]).toEqual([1.5, -2]);
  });

  test("a view into a larger buffer is written alone", () => {
    const data = Float32Array.of(9, 1, 2, 9).subarray(1, 3);
    expect([
      ...decodeSafetensors(encodeSafetensors({ x: { dtype: "float32", shape: [2], data } })).arrays.x.data,
    ]).toEqual([1, 2]);
  });

  test("the bytes: sorted by element size, then name; header padded with spaces to 8 bytes", () => {
    const parts = {
      b: array("float32", [1], [1]),
      a: array("bool", [], [1]),
      c: array("float64", [1], [2]),
      B: array("int32", [1], [3]),
    };
    const bytes = encodeSafetensors(parts, { z: "1", y: "2" });
    const size = bytes[0] + 256 * bytes[1];
    const header = new TextDecoder().decode(bytes.subarray(8, 8 + size));
    expect(size % 8).toBe(0);
    expect(header.trimEnd()).toBe(
      '{"__metadata__":{"y":"2","z":"1"},"c":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},' +
        '"B":{"dtype":"I32","shape":[1],"data_offsets":[8,12]},"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]},' +
        '"a":{"dtype":"BOOL","shape":[],"data_offsets":[16,17]}}',
    );
    expect([...bytes.subarray(8 + size)]).toEqual([0, 0, 0, 0, 0, 0, 0, 64, 3, 0, 0, 0, 0, 0, 128, 63, 1]);
    const reordered = { B: parts.B, a: parts.a, c: parts.c, b: parts.b };
    expect(encodeSafetensors(reordered, { y: "2", z: "1" })).toEqual(bytes);
  });
});

describe("other element types", () => {
  test("F16", () => {
    const halves = [0x0000, 0x8000, 0x3c00, 0xc000, 0x7bff, 0x0001, 0x03ff, 0x0400, 0x3555, 0x7c00, 0xfc00, 0x7e00];
    const data = halves.flatMap((h) => [h & 255, h >> 8]);
    const { dtype, data: read } = decodeSafetensors(file(one("F16", [12], [0, 24]), data)).arrays.x;
    expect(dtype).toBe("float32");
    const expected = [
      0,
      -0,
      1,
      -2,
      65504,
      2 ** -24,
      1023 * 2 ** -24,
      2 ** -14,
      0.333251953125,
      Infinity,
      -Infinity,
      NaN,
    ];
    expect([...read]).toEqual(expected);
  });

  test("BF16", () => {
    const data = [0x80, 0x3f, 0x20, 0xc1, 0x80, 0x7f, 0x00, 0x80];
    expect([...decodeSafetensors(file(one("BF16", [4], [0, 8]), data)).arrays.x.data]).toEqual([1, -10, Infinity, -0]);
  });

  test("I64 that fits, and that does not", () => {
    const longs = (...values: bigint[]): Uint8Array => new Uint8Array(BigInt64Array.from(values).buffer);
    const read = (...values: bigint[]) =>
      decodeSafetensors(file(one("I64", [values.length], [0, 8 * values.length]), longs(...values))).arrays.x;
    expect([...read(-1n, 2147483647n, -2147483648n).data]).toEqual([-1, 2147483647, -2147483648]);
    expect(read(1n).dtype).toBe("int32");
    for (const big of [2147483648n, -2147483649n, 2n ** 62n]) {
      expect(() => read(0n, big)).toThrow(FormatError);
      expect(() => read(0n, big)).toThrow(`fit 32 bits, got ${big} at element 1`);
    }
  });
});

const long = "n".repeat(513);
test.each<[string, Uint8Array, RegExp]>([
  ["an empty file", new Uint8Array(0), /at least 10 bytes, got 0/],
  ["9 bytes", new Uint8Array(9), /at least 10 bytes/],
  ["a header above the cap", file("{}", [], 25_000_001), /header of 2 to 25000000 bytes, got 25000001/],
  ["a header of 2^32 + 2 bytes", file("{}", [], 2 ** 32 + 2), /header of 2 to .*got 4294967298/],
  ["a header of 2^63 bytes", file("{}", [], 2 ** 63), /header of 2 to/],
  ["an empty header", file("{}", [], 0), /header of 2 to/],
  ["a header beyond the file", file("{}", [], 3), /fits the file \(2 bytes left\), got 3/],
  ["a leading space", file(" {}"), /starts with "{", got byte 32/],
  ["a list", file("[]"), /starts with "{"/],
  ["text after the object", file("{}x"), /header: expected the end/],
  [
    "invalid UTF-8",
    (() => {
      const f = file('{"x":1}');
      f[10] = 0xff;
      return f;
    })(),
    /UTF-8/,
  ],
  ["a duplicate name", file('{"x":1,"x":2}'), /distinct keys/],
  ["__proto__", file('{"__proto__":{}}'), /ordinary key/],
  ["trailing bytes", file("{}", [0]), /0 bytes of data as the header says, got 1/],
  ["metadata as a list", file('{"__metadata__":[]}'), /__metadata__: an object/],
  ["a number in the metadata", file('{"__metadata__":{"a":1}}'), /text for every key, got 1/],
  ["a number for a tensor", file('{"x":1}'), /tensor "x": expected an object/],
  ["no dtype", file('{"x":{"shape":[],"data_offsets":[0,4]}}', [0, 0, 0, 0]), /exactly dtype, shape and data_offsets/],
  ["an extra key", file(one("F32", [1], [0, 4], ',"extra":1'), [0, 0, 0, 0]), /exactly dtype, shape/],
  ["an unknown dtype", file(one("F8_E4M3", [1], [0, 1]), [0]), /dtype of F32, .*, got "F8_E4M3"/],
  ["a dtype from Object.prototype", file(one("toString", [1], [0, 1]), [0]), /dtype of/],
  ["a shape that is no list", file(one("F32", 1, [0, 4]), [0, 0, 0, 0]), /a shape of at most 8 integers/],
  ["a negative size", file(one("F32", [-1], [0, 4]), [0, 0, 0, 0]), /a shape of/],
  ["half a size", file(one("F32", [0.5], [0, 4]), [0, 0, 0, 0]), /a shape of/],
  ["rank 9", file(one("F32", [1, 1, 1, 1, 1, 1, 1, 1, 1], [0, 4]), [0, 0, 0, 0]), /at most 8 integers/],
  ["2^31 elements", file(one("BOOL", [2 ** 31], [0, 2 ** 31])), /fewer than 2\^31/],
  ["a product that overflows 64 bits", file(one("F32", [2 ** 32, 2 ** 32], [0, 0])), /fewer than 2\^31/],
  ["a product that overflows step by step", file(one("F32", [65536, 65536, 65536, 65536], [0, 0])), /fewer than 2\^31/],
  ["three offsets", file(one("F32", [1], [0, 4, 4]), [0, 0, 0, 0]), /data_offsets \[begin, end\]/],
  ["offsets in reverse", file(one("F32", [1], [4, 0]), [0, 0, 0, 0]), /begin <= end/],
  ["a wrong length", file(one("F32", [2], [0, 4]), [0, 0, 0, 0]), /8 bytes for F32 \[2\], got 4/],
  ["a hole at the start", file(one("F32", [1], [4, 8]), new Uint8Array(8)), /offset 0, got 4/],
  [
    "data cut off",
    file(one("F32", [2], [0, 8]), new Uint8Array(7)),
    /8 bytes of data as the header says, got 7. The file is cut off/,
  ],
  ["1 GiB declared, 4 bytes given", file(one("F32", [2 ** 28], [0, 2 ** 30]), new Uint8Array(4)), /cut off/],
  [
    "an overlap",
    file(
      '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}',
      new Uint8Array(8),
    ),
    /may not overlap/,
  ],
  [
    "a hole between",
    file(
      '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}',
      new Uint8Array(12),
    ),
    /leave holes/,
  ],
  [
    "a long name",
    file(`{"${long}":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, [0, 0, 0, 0]),
    /at most 512 bytes, got 513/,
  ],
  ["a bool of 2", file(one("BOOL", [2], [0, 2]), [1, 2]), /bytes 0 or 1, got 2 at element 1/],
  [
    "10,001 tensors",
    file(
      `{${Array.from({ length: 10_001 }, (_, i) => `"${i}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`).join(",")}}`,
    ),
    /at most 10000 tensors, got 10001/,
  ],
  ["deep nesting", file(`{"x":${"[".repeat(50_000)}`), /depth of at most 8/],
])("refuses %s, before any large allocation", (_, bytes, message) => {
  const before = process.memoryUsage().arrayBuffers;
  expect(() => decodeSafetensors(bytes)).toThrow(FormatError);
  expect(() => decodeSafetensors(bytes)).toThrow(message);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * bytes.length + 100_000);
});

test("accepts empty files, empty tensors anywhere, and headers that are not padded", () => {
  expect(decodeSafetensors(file("{}"))).toEqual({ arrays: {}, metadata: {} });
  const header =
    '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"e":{"dtype":"F64","shape":[0,9007199254740991],"data_offsets":[0,0]}} ';
  expect(decodeSafetensors(file(header, [0, 0, 128, 63])).arrays.a.data).toEqual(Float32Array.of(1));
});

test.each<[string, Record<string, unknown>, RegExp]>([
  [
    "data of another type",
    { x: { dtype: "float64", shape: [1], data: new Float32Array(1) } },
    /"x": expected float64 data, got Float32Array/,
  ],
  [
    "16-bit data",
    { x: { dtype: "bool", shape: [1], data: new Uint16Array(1) } },
    /expected bool data, got Uint16Array/,
  ],
  ["a list", { x: { dtype: "float32", shape: [1], data: [1] } }, /typed array/],
  [
    "an unknown dtype",
    { x: { dtype: "toString", shape: [1], data: new Float32Array(1) } },
    /float32, float64, int32 or bool/,
  ],
  ["another number of elements", { x: array("float32", [2], [1]) }, /a shape for 1 elements, got \[2\]/],
  ["rank 9", { x: array("float32", [1, 1, 1, 1, 1, 1, 1, 1, 1], [1]) }, /at most 8 sizes/],
  ["a long name", { [long]: array("float32", [1], [1]) }, /512 bytes/],
  ["a reserved name", { __metadata__: array("float32", [1], [1]) }, /ordinary name/],
  ["a dangerous name", { constructor: array("float32", [1], [1]) }, /ordinary name/],
  ["a lone surrogate", { "\ud800": array("float32", [1], [1]) }, /well-formed name/],
  ["a bool of 2", { x: array("bool", [1], [2]) }, /0 or 1 at element 0, got 2/],
])("does not write %s", (_, arrays, message) => {
  expect(() => encodeSafetensors(arrays as Record<string, StoredArray>)).toThrow(message);
});

describe("mutants", () => {
  const good = encodeSafetensors(
    {
      w: array("float32", [3, 4], [...Array(12).keys()]),
      b: array("float64", [5], [1, 2, 3, 4, 5]),
      ids: array("int32", [2, 2], [1, 2, 3, 4]),
      mask: array("bool", [3], [1, 0, 1]),
      none: array("float32", [0, 7], []),
    },
    { "unrolled.kind": "test", note: "é" },
  );
  const headerSize = new DataView(good.buffer).getUint32(0, true);
  const header = new TextDecoder().decode(good.subarray(8, 8 + headerSize));
  const data = good.subarray(8 + headerSize);

  test("1,000 seeded mutants: each is refused by a FormatError or decodes to arrays that agree with their shapes", () => {
    const random = randomStream(2026);
    const pick = <T>(list: readonly T[]): T => list[random.integer(list.length)];
    const numbers = [
      "0",
      "1",
      "-1",
      "7",
      "4294967296",
      "2147483648",
      "9007199254740991",
      "9007199254740993",
      "1e3",
      "0.5",
      "1e999",
      "null",
      '"4"',
      "[]",
    ];
    const names = ["F16", "BF16", "I64", "U8", "F64", "F32", "I32", "BOOL", "", "__proto__"];
    const mutations: Record<string, () => Uint8Array> = {
      truncated: () => good.slice(0, random.integer(good.length)),
      extended: () => Uint8Array.from([...good, ...new Array<number>(1 + random.integer(9)).fill(random.integer(256))]),
      "a flipped bit": () => {
        const bytes = good.slice();
        bytes[random.integer(8 + headerSize)] ^= 1 << random.integer(8);
        return bytes;
      },
      "a random header byte": () => {
        const bytes = good.slice();
        bytes[8 + random.integer(headerSize)] = random.integer(256);
        return bytes;
      },
      "another header length": () => {
        const bytes = good.slice();
        new DataView(bytes.buffer).setUint32(
          pick([0, 0, 0, 4]),
          pick([0, 1, 8, headerSize - 8, headerSize + 1, headerSize + 8, 0x7fffffff, 0xffffffff]),
          true,
        );
        return bytes;
      },
      "a changed number": () => {
        const at = [...header.matchAll(/(?<=[[,])\d+/g)];
        const m = pick(at);
        return file(header.slice(0, m.index) + pick(numbers) + header.slice(m.index + m[0].length), data);
      },
      "swapped offsets": () => {
        const at = [...header.matchAll(/"data_offsets":\[\d+,\d+\]/g)];
        const a = pick(at)[0];
        const b = pick(at)[0];
        return file(header.replace(a, "@").replace(b, a).replace("@", b), data);
      },
      "swapped shapes": () => {
        const at = [...header.matchAll(/"shape":\[[\d,]*\]/g)];
        const a = pick(at)[0];
        return file(header.replace(pick(at)[0], a), data);
      },
      "another dtype": () => {
        const m = pick([...header.matchAll(/"dtype":"(\w+)"/g)]);
        return file(header.slice(0, m.index) + `"dtype":"${pick(names)}"` + header.slice(m.index + m[0].length), data);
      },
      "a renamed key": () => {
        const m = pick([...header.matchAll(/"[\w.]+"(?=:)/g)]);
        return file(
          header.slice(0, m.index) +
            pick(['"w"', '"__proto__"', '"constructor"', '"__metadata__"', '"shape"', '""', '"toString"']) +
            header.slice(m.index + m[0].length),
          data,
        );
      },
      "a removed piece": () => {
        const from = random.integer(headerSize);
        return file(header.slice(0, from) + header.slice(from + 1 + random.integer(12)), data);
      },
    };
    const kinds = Object.keys(mutations);
    let refused = 0;
    for (let i = 0; i < 1000; i++) {
      const bytes = mutations[kinds[i % kinds.length]]();
      const copy = bytes.slice();
      const before = process.memoryUsage().arrayBuffers;
      try {
        const { arrays, metadata } = decodeSafetensors(bytes);
        let size = 0;
        for (const { dtype, shape, data: values } of Object.values(arrays)) {
          expect(values.length).toBe(sizeOf(shape));
          expect(values).toBeInstanceOf(typedArray(dtype, 0).constructor);
          size += values.byteLength;
        }
        for (const text of Object.values(metadata)) expect(typeof text).toBe("string");
        expect(size).toBeLessThanOrEqual(4 * bytes.length);
      } catch (error) {
        if (!(error instanceof FormatError))
          throw new Error(`mutant ${i} (${kinds[i % kinds.length]})`, { cause: error });
        expect(error.message).toMatch(/^decodeSafetensors.*: expected .+, got /s);
        refused++;
      }
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * bytes.length + 65_536);
      expect(bytes).toEqual(copy);
    }
    expect(refused).toBeGreaterThan(700);
    expect(refused).toBeLessThan(1000);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  test("every truncation is refused", () => {
    for (let length = 0; length < good.length; length++) {
      expect(() => decodeSafetensors(good.subarray(0, length))).toThrow(FormatError);
    }
  });

  test("random bytes are refused", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(() => decodeSafetensors(bytes)).toThrow(FormatError);
      }),
      { seed: 5, numRuns: 2000 },
    );
  });
});
