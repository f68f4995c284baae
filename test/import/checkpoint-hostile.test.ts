/** Checkpoints that lie, with checksums that are right. */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { expect, test } from "vitest";
import { crc32c, masked } from "../../src/import/crc.ts";
import { arraysIn, readWeights } from "../../src/import/index.ts";

const { Varint: VARINT, LengthDelimited: BYTES, Bit32: FIXED } = WireType;

const varints = (...values: number[]): Uint8Array => {
  const writer = new BinaryWriter();
  for (const value of values) writer.uint64(value);
  return writer.finish();
};
const u32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);
const joined = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** A block of entries, none of which shares its key, with its trailer. */
function block(entries: readonly (readonly [key: string, value: Uint8Array])[], compression = 0): Uint8Array {
  const parts = entries.flatMap(([key, value]) => [
    varints(0, key.length, value.length),
    Buffer.from(key, "latin1"),
    value,
  ]);
  const body = joined(...parts, u32(0), u32(1), Uint8Array.of(compression));
  return joined(body, u32(masked(crc32c(body))));
}

/** A table of one block; `change` may alter the block before it is placed. */
function table(
  entries: readonly (readonly [key: string, value: Uint8Array])[],
  {
    compression = 0,
    change = (bytes) => bytes,
  }: { compression?: number; change?: (bytes: Uint8Array) => Uint8Array } = {},
): Uint8Array {
  const data = change(block(entries, compression));
  const list = block([["\xff", varints(0, data.length - 5)]]);
  const footer = new Uint8Array(48);
  footer.set(varints(0, 0, data.length, list.length - 5));
  footer.set([0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb], 40);
  return joined(data, list, footer);
}

const header = (shards = 1, order = 0): readonly [string, Uint8Array] => [
  "",
  new BinaryWriter().tag(1, VARINT).int32(shards).tag(2, VARINT).int32(order).finish(),
];

type Entry = {
  readonly dtype?: number;
  readonly shape?: readonly (number | bigint)[];
  readonly shard?: number;
  readonly offset?: number | bigint;
  readonly size?: number | bigint;
  readonly checksum?: number;
  readonly slices?: readonly (readonly (readonly [start: number, length: number])[])[];
};

function entry({
  dtype = 1,
  shape = [2],
  shard = 0,
  offset = 0,
  size = 8,
  checksum = SUM,
  slices = [],
}: Entry): Uint8Array {
  const writer = new BinaryWriter().tag(1, VARINT).int32(dtype);
  const sizes = new BinaryWriter();
  for (const n of shape) sizes.tag(2, BYTES).fork().tag(1, VARINT).int64(n).join();
  writer.tag(2, BYTES).bytes(sizes.finish());
  writer
    .tag(3, VARINT)
    .int32(shard)
    .tag(4, VARINT)
    .int64(offset)
    .tag(5, VARINT)
    .int64(size)
    .tag(6, FIXED)
    .fixed32(checksum);
  for (const extents of slices) {
    const slice = new BinaryWriter();
    for (const [start, length] of extents)
      slice.tag(1, BYTES).fork().tag(1, VARINT).int64(start).tag(2, VARINT).int64(length).join();
    writer.tag(7, BYTES).bytes(slice.finish());
  }
  return writer.finish();
}

const numbers = new Uint8Array(Float32Array.of(1, 2).buffer);
const SUM = masked(crc32c(numbers));
const files = (index: Uint8Array, data = numbers): Record<string, Uint8Array> => ({
  "m.index": index,
  "m.data-00000-of-00001": data,
});
const one = (more: Entry = {}, name = "w"): Record<string, Uint8Array> => files(table([header(), [name, entry(more)]]));
/** The key of a slice of "w", of one axis, for small numbers. */
const sliceOf = (start: number, length: number): string =>
  `\0w\0\x01\x01\x01${String.fromCharCode(0x80 ^ start)}${String.fromCharCode(0x80 ^ length)}`;
const sliced = (
  shape: number[],
  slices: [number, number][],
  stored: Record<string, Entry>,
): Record<string, Uint8Array> =>
  files(
    table([
      header(),
      ...Object.entries(stored).map(([key, value]): [string, Uint8Array] => [key, entry(value)]),
      ["w", entry({ shape, size: 0, slices: slices.map((extent) => [extent]) })],
    ]),
  );

test("right ones of the same maker are read", async () => {
  const read = async (source: Record<string, Uint8Array>): Promise<number[]> => [
    ...arraysIn(await readWeights(source))["w"].data,
  ];
  expect(await read(one())).toEqual([1, 2]);
  const half = (offset: number): Entry => ({
    shape: [1],
    offset,
    size: 4,
    checksum: masked(crc32c(numbers.subarray(offset, offset + 4))),
  });
  expect(
    await read(
      sliced(
        [2],
        [
          [1, 1],
          [0, 1],
        ],
        { [sliceOf(0, 1)]: half(4), [sliceOf(1, 1)]: half(0) },
      ),
    ),
  ).toEqual([2, 1]);
});

test("without its numbers, a table is listed, and they are missed when they are read", async () => {
  const weights = await readWeights({ "m.index": one()["m.index"] });
  expect(weights.tensors.map(({ name, shape }) => [name, shape])).toEqual([["w", [2]]]);
  expect(() => arraysIn(weights)).toThrow(/the file "m.data-00000-of-00001", got none/);
});

test("damaged numbers are refused when they are read", async () => {
  const weights = await readWeights(files(one()["m.index"], new Uint8Array(8)));
  expect(() => arraysIn(weights)).toThrow(/tensor "w": expected the checksum \d+, got \d+. The file is damaged/);
});

const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === 3 ? byte ^ 1 : byte));
test.each<[string, Record<string, Uint8Array>, RegExp]>([
  ["bytes beyond the data", one({ offset: 4 }), /bytes within m.data-00000-of-00001 of 8, got 8 at 4/],
  ["an offset of 2^63", one({ offset: 2n ** 63n - 1n }), /a number below 2\^53/],
  ["a negative offset", one({ offset: -8 }), /a place in a data file/],
  ["a negative size", one({ size: -8 }), /a place in a data file/],
  ["another size than the shape's", one({ shape: [3] }), /12 bytes of numbers, got 8/],
  ["2^62 numbers", one({ shape: [2 ** 31, 2 ** 31] }), /fewer than 2\^31 numbers/],
  ["a size of 2^60", one({ shape: [2n ** 60n] }), /a number below 2\^53/],
  ["a negative axis", one({ shape: [-2] }), /a shape of sizes/],
  ["nine axes", one({ shape: Array<number>(9).fill(1) }), /at most 8 axes/],
  ["a data file that can't be", one({ shard: 1 }), /a data file below 1, got 1/],
  ["complex numbers", one({ dtype: 8 }), /numbers or text, got element type 8/],
  ["an element type that does not exist", one({ dtype: 99 }), /element type 99/],
  ["__proto__", one({}, "__proto__"), /an ordinary name/],
  ["a name that is no UTF-8", one({}, "\xff\xfe"), /a name in UTF-8/],
  ["two tensors in one place", files(table([header(), ["a", entry({})], ["b", entry({})]])), /where another tensor is/],
  ["a name twice", files(table([header(), ["a", entry({})], ["a", entry({})]])), /keys in order, each once/],
  ["keys out of order", files(table([header(), ["b", entry({})], ["a", entry({})]])), /keys in order/],
  ["no header", files(table([["a", entry({})]])), /the header of a checkpoint/],
  ["no data files", files(table([header(0)])), /1 to 99999 data files, got 0/],
  ["big-endian numbers", files(table([header(1, 1)])), /little-endian/],
  [
    "a checkpoint of version 1",
    files(table([["", Uint8Array.of(10, 0)]])),
    /a checkpoint of version 2, got one of version 1/,
  ],
  ["a compressed block", files(table([header()], { compression: 1 })), /not compressed, got compression 1/],
  ["a damaged block", files(table([header()], { change: flipped })), /block at offset 0: expected the checksum/],
  ["a message that is cut off", files(table([header(), ["a", Uint8Array.of(18, 200)]])), /a protocol buffer/],
  ["a slice that is not there", sliced([2], [[0, 2]], {}), /a slice of \[2\] at \[0\], got none/],
  ["a slice outside", sliced([2], [[1, 2]], { [sliceOf(1, 2)]: {} }), /slices of \[2\], got one of \[2\] at \[1\]/],
  [
    "slices that overlap",
    sliced(
      [4],
      [
        [0, 2],
        [1, 2],
      ],
      { [sliceOf(0, 2)]: {}, [sliceOf(1, 2)]: { offset: 8 } },
    ),
    /bytes within|do not overlap/,
  ],
  [
    "slices that leave something out",
    sliced([4], [[0, 2]], { [sliceOf(0, 2)]: {} }),
    /8 bytes of numbers, got|16 bytes of numbers, got 8/,
  ],
  [
    "texts longer than their bytes",
    files(table([header(), ["t", entry({ dtype: 7, shape: [], size: 8 })]])),
    /readWeights m.index tensor "t"/,
  ],
  ["a billion texts", files(table([header(), ["t", entry({ dtype: 7, shape: [1e9], size: 8 })]])), /texts of at most/],
  [
    "two checkpoints",
    { "a.index": one()["m.index"], "b.index": one()["m.index"] },
    /one checkpoint, got a.index, b.index/,
  ],
])("refuses %s", async (_, source, message) => {
  await expect(readWeights(source)).rejects.toThrow(message);
  await expect(readWeights(source)).rejects.toMatchObject({ code: /^ERR_(FORMAT|UNSUPPORTED)$/ });
});

test("keys that repeat what they share do not grow beyond the file", async () => {
  // each entry shares 4,000 bytes with the one before it, and adds one
  const parts: Uint8Array[] = [varints(0, 4000, 0), Buffer.alloc(4000, 97)];
  for (let i = 0; i < 60_000; i++)
    parts.push(varints(4000, 2, 0), Uint8Array.of(98 + Math.floor(i / 250) / 2, i % 250));
  const body = joined(...parts, u32(0), u32(1), Uint8Array.of(0));
  const bytes = table([], { change: () => joined(body, u32(masked(crc32c(body)))) });
  await expect(readWeights(files(bytes))).rejects.toThrow(/fewer bytes of keys, got more/);
});
