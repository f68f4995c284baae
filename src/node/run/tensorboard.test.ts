import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { encodeEvent, eventWriter, record } from "./tensorboard.ts";

const directory = mkdtempSync(join(tmpdir(), "unrolled-events-"));
afterAll(() => rmSync(directory, { recursive: true }));

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

// tf.io.TFRecordWriter and tf.compat.v1.Event(...).SerializeToString() of TensorFlow 2.21.0
test.each<[string, Parameters<typeof encodeEvent>[0], string]>([
  [
    "the version",
    { wallTime: 1700000000.25, fileVersion: "brain.Event:2" },
    "1800000000000000a37f4b220900001040fc54d9411a0d627261696e2e4576656e743a32338d2fe9",
  ],
  [
    "scalars, one that is not a number and one that is 0",
    { wallTime: 1700000000.5, step: 300, scalars: { "loss/train": 2.5, é: NaN, zero: 0 } },
    "39000000000000008b0737f10900002040fc54d94110ac022a2b0a110a0a6c6f73732f747261696e15000020400a090a02c3a9150000c07f0a0b0a047a65726f15000000006b2ffd8e",
  ],
  [
    "the start of a session, at a step above 2^32",
    { wallTime: 1700000001, step: 2 ** 40 + 1, isStart: true },
    "14000000000000005e3d29150900004040fc54d941108180808080203a0208019e01cb53",
  ],
])("is TensorFlow's record, byte for byte: %s", (_, event, expected) => {
  expect(hex(record(encodeEvent(event)))).toBe(expected);
});

/** CRC-32C bit by bit, from its definition. */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffffn;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1n) ^ (crc & 1n ? 0x82f63b78n : 0n);
  }
  return Number(crc ^ 0xffffffffn);
}

const unmask = (masked: number): number => {
  const rotated = (masked - 0xa282ead8) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
};

/** The contents of the records. Throws where a length or a checksum is wrong. */
function recordsOf(bytes: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = Number(bytes.readBigUInt64LE(at));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(unmask(bytes.readUInt32LE(at + 8))).toBe(crc32c(bytes.subarray(at, at + 8)));
    expect(unmask(bytes.readUInt32LE(at + 12 + length))).toBe(crc32c(data));
    records.push(data);
    at += length + 16;
  }
  return records;
}

type Field = { readonly field: number; readonly value: number | Buffer };

/** The fields of a message. */
function fieldsOf(bytes: Buffer): Field[] {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let place = 1; ; place *= 128) {
      const byte = bytes[at++];
      value += (byte & 0x7f) * place;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Buffer => bytes.subarray(at, (at += length));
  const fields: Field[] = [];
  while (at < bytes.length) {
    const key = varint();
    const field = key >> 3;
    if ((key & 7) === 0) fields.push({ field, value: varint() });
    else if ((key & 7) === 1) fields.push({ field, value: take(8).readDoubleLE() });
    else if ((key & 7) === 2) fields.push({ field, value: take(varint()) });
    else fields.push({ field, value: take(4).readFloatLE() });
  }
  return fields;
}

const fieldOf = (bytes: Buffer, field: number): number | Buffer | undefined =>
  fieldsOf(bytes).find((f) => f.field === field)?.value;

/** Content of the file, with the names of event.proto. */
const eventsOf = (file: string) =>
  recordsOf(readFileSync(file)).map((event) => {
    const [version, summary, session] = [3, 5, 7].map((field) => fieldOf(event, field) as Buffer | undefined);
    const values = summary === undefined ? [] : fieldsOf(summary).map(({ value }) => value as Buffer);
    return {
      wallTime: fieldOf(event, 1),
      step: fieldOf(event, 2) ?? 0,
      ...(version && { version: version.toString() }),
      ...(session && { status: fieldOf(session, 1) }),
      ...(summary && { scalars: Object.fromEntries(values.map((v) => [String(fieldOf(v, 1)), fieldOf(v, 2)])) }),
    };
  });

test("events of training become curves", () => {
  let time = 1000;
  const writer = eventWriter(directory, { clock: () => time++ });
  const events = [
    { kind: "step", step: 1, loss: 2.5, learningRate: undefined, gradientNorm: Infinity, tokensPerSecond: 8 },
    { kind: "evaluation", step: 1, loss: 2.25, measures: { bitsPerCharacter: 3.25, perplexity: 9.5 } },
    { kind: "warning", step: 1, message: "?" },
    { kind: "step", step: 200, loss: NaN },
  ];
  for (const event of events) writer.append(event);
  writer.scalars(201, { "mine/é": -0 });
  writer.sync();
  writer.close();
  expect(eventsOf(writer.file)).toEqual([
    { wallTime: 1001, step: 0, version: "brain.Event:2" },
    {
      wallTime: 1002,
      step: 1,
      scalars: { "loss/training": 2.5, gradient_norm: Infinity, tokens_per_second: 8 },
    },
    {
      wallTime: 1003,
      step: 1,
      scalars: { "loss/validation": 2.25, "bitsPerCharacter/validation": 3.25, "perplexity/validation": 9.5 },
    },
    { wallTime: 1004, step: 200, scalars: { "loss/training": NaN } },
    { wallTime: 1005, step: 201, scalars: { "mine/é": -0 } },
  ]);
});

test("a run that goes on has a file of its own, which voids later steps", () => {
  const folder = join(directory, "resumed");
  const files = [undefined, 500].map((resumeFrom) => {
    const writer = eventWriter(folder, { clock: () => 1, ...(resumeFrom && { resumeFrom }) });
    writer.close();
    return writer.file;
  });
  expect(readdirSync(folder)).toHaveLength(2);
  for (const name of readdirSync(folder)) expect(name).toMatch(/^events\.out\.tfevents\.0000000001\./);
  expect(eventsOf(files[1])[1]).toEqual({ wallTime: 1, step: 501, status: 1 });
  expect(eventsOf(files[0])).toHaveLength(1);
});

test("long tags and many values have lengths of more than one byte", () => {
  const scalars = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`${"x".repeat(300)}${i}`, i]));
  const writer = eventWriter(directory);
  writer.scalars(3, scalars);
  writer.close();
  expect(eventsOf(writer.file)[1].scalars).toEqual(scalars);
});
