/** Changed copies of good files: bytes, numbers of four bytes, lines, fields, and values of JSON wherever it stands. */
import { crc32, deflateSync, gunzipSync, gzipSync, inflateSync } from "node:zlib";
import type { RandomStream } from "../../src/base/index.ts";
import { unzipSync } from "fflate";
import { decodeNative, encodeNative } from "../../src/formats/index.ts";
import { crc32c, masked } from "../../src/import/crc.ts";
import { zipOf } from "../helpers/zip.ts";

export type Format = "bytes" | "text" | "json" | "lines" | "safetensors" | "native" | "png" | "gzip" | "zip" | "folder";

const pick = <T>(random: RandomStream, from: readonly T[]): T => from[random.integer(from.length)];

/** Numbers that sizes and offsets are wrong with. */
const WORDS = [0, 1, 2, 3, 7, 8, 255, 256, 65_535, 0x7ffff000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];
const BYTES = [0, 1, 9, 10, 13, 32, 34, 44, 58, 91, 92, 123, 127, 128, 192, 237, 239, 254, 255];

function changedBytes(bytes: Uint8Array, random: RandomStream): Uint8Array {
  const n = bytes.length;
  const at = random.integer(n + 1);
  const length = 1 + random.integer(Math.max(1, Math.min(64, n)));
  const copy = Uint8Array.from(bytes);
  const joined = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
  switch (random.integer(8)) {
    case 0:
      if (at < n) copy[at] ^= 1 << random.integer(8);
      return copy;
    case 1:
      if (at < n) copy[at] = pick(random, BYTES);
      return copy;
    case 2:
      return copy.subarray(0, at);
    case 3:
      return joined(copy.subarray(0, at), copy.subarray(Math.min(n, at + length)));
    case 4:
      return joined(copy.subarray(0, at), copy.subarray(at, at + length), copy.subarray(at));
    case 5:
      return joined(
        copy.subarray(0, at),
        Uint8Array.from({ length }, () => random.integer(256)),
        copy.subarray(at),
      );
    case 6:
      if (n < 4) return copy;
      new DataView(copy.buffer).setUint32(random.integer(n - 3), pick(random, WORDS), random.integer(2) === 0);
      return copy;
    default:
      // most of what matters stands at the beginning
      if (n < 4) return copy;
      new DataView(copy.buffer).setUint32(
        random.integer(Math.min(n - 3, 64)),
        pick(random, WORDS),
        random.integer(2) === 0,
      );
      return copy;
  }
}

const deep = (depth: number): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
};

const VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  1,
  -1,
  0.5,
  7,
  64,
  65_536,
  65_537,
  1e6,
  1e9,
  2 ** 31,
  2 ** 53,
  -(2 ** 53),
  1e300,
  5e-324,
  "",
  "x",
  "NaN",
  "Infinity",
  "__proto__",
  "constructor",
  "toString",
  "\u0000",
  "\ud800",
  "\u202e\u001b[2J",
  "a".repeat(5000),
  "lstm",
  "2001-01-01",
  "275760-09-13",
  "-000001-01-01",
  "0000-00-00",
  [],
  {},
  [[]],
  [null],
  [1, 2, 3],
  { toString: 1 },
  { valueOf: {} },
  { length: 1e9 },
  { toJSON: 1 },
  deep(60),
  deep(70),
  Array(2000).fill(0),
  Array(300).fill([]),
];

/** The value with one of its parts changed. */
function changedValue(value: unknown, random: RandomStream): unknown {
  const isNode = typeof value === "object" && value !== null;
  const names = isNode ? Object.keys(value) : [];
  if (names.length === 0 || random.integer(6) === 0) {
    if (typeof value === "number" && random.integer(2) === 0)
      return value * pick(random, [-1, 0.5, 2, 10, 1000, 1e6, 1e12, 1e300]) + pick(random, [0, 1, -1]);
    if (typeof value === "string" && random.integer(2) === 0)
      return value + pick(random, ["", " ", "\n", "/../x", "\u0000", value]);
    return pick(random, VALUES);
  }
  const name = pick(random, names);
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value)
    ? [...(value as unknown[])]
    : { ...(value as Record<string, unknown>) };
  const fields = copy as Record<string, unknown>;
  switch (random.integer(10)) {
    case 0:
      if (Array.isArray(copy)) copy.splice(Number(name), 1);
      else delete fields[name];
      return copy;
    case 1:
      if (Array.isArray(copy)) copy.push(copy[Number(name)]);
      else fields[pick(random, [`${name}2`, "toString", "then", "length", "x".repeat(300)])] = fields[name];
      return copy;
    case 2:
      fields[name] = fields[pick(random, names)];
      return copy;
    default:
      fields[name] = changedValue(fields[name], random);
      return copy;
  }
}

/** JSON text that JSON.stringify would not write. */
function changedText(text: string, random: RandomStream): string {
  const at = random.integer(text.length + 1);
  const pieces = [
    '"__proto__":{"x":1},',
    '"a":1,"a":2,',
    '"constructor":{"prototype":{"x":1}},',
    "\ufeff",
    "\u0000",
    "\\ud800",
    "1e999",
    "9007199254740993",
    "-",
    "NaN",
    ",",
    ",,",
    "[".repeat(5000),
    "{}",
    "//x\n",
    "'",
    "\\u0000",
    "\\x",
  ];
  return text.slice(0, at) + pick(random, pieces) + text.slice(at + random.integer(3));
}

function changedJson(bytes: Uint8Array, random: RandomStream): Uint8Array {
  const text = Buffer.from(bytes).toString();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return changedBytes(bytes, random);
  }
  const kind = random.integer(10);
  if (kind === 0) return changedBytes(bytes, random);
  const changed = kind < 7 ? JSON.stringify(changedValue(value, random)) : changedText(JSON.stringify(value), random);
  return Buffer.from(changed ?? "null");
}

const FIELDS = [
  "",
  " ",
  "NaN",
  "Infinity",
  "-Infinity",
  "1e999",
  "-0",
  "1e308",
  "0x10",
  "９",
  "9999-12-31",
  "0001-01-01",
  "275760-09-13",
  "2001-02-30",
  "2001-01-01T00:00:00+99:99",
  '"',
  '""',
  '"a',
  'a"b"',
  "\u0000",
  "\ufeff",
  "../x",
  "/dev/zero",
  "__proto__",
  "constructor",
  "B-",
  "I-X",
  "-",
  "a".repeat(10_000),
  "\u202e",
  "\u001b[2J",
  "e\u0301".repeat(100),
  "\r",
  "\t",
  "|",
  ",",
];

function changedLines(bytes: Uint8Array, random: RandomStream): Uint8Array {
  if (random.integer(5) === 0) return changedBytes(bytes, random);
  const lines = Buffer.from(bytes).toString().split("\n");
  const at = random.integer(lines.length);
  const separator = pick(random, [",", "\t", " ", "|", ";"]);
  const fields = lines[at].split(separator);
  switch (random.integer(8)) {
    case 0:
      lines.splice(at, 1);
      break;
    case 1:
      lines.splice(at, 0, lines[random.integer(lines.length)]);
      break;
    case 2:
      fields.splice(random.integer(fields.length), 1);
      lines[at] = fields.join(separator);
      break;
    case 3:
      fields.push(pick(random, FIELDS));
      lines[at] = fields.join(separator);
      break;
    case 4:
      lines.splice(at, 0, ...Array<string>(200).fill(pick(random, [lines[at], "", "x", pick(random, FIELDS)])));
      break;
    case 5:
      lines[at] = Buffer.from(changedJson(Buffer.from(lines[at]), random)).toString();
      break;
    default:
      fields[random.integer(fields.length)] = pick(random, FIELDS);
      lines[at] = fields.join(separator);
  }
  return Buffer.from(lines.join(pick(random, ["\n", "\n", "\n", "\r\n", "\r"])));
}

function changedSafetensors(bytes: Uint8Array, random: RandomStream): Uint8Array {
  if (random.integer(3) === 0) return changedBytes(bytes, random);
  const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const header = changedJson(bytes.subarray(8, 8 + size), random);
  const length = Buffer.alloc(8);
  length.writeUInt32LE(header.length);
  return Buffer.concat([length, header, bytes.subarray(8 + size)]);
}

const FLOATS = [NaN, Infinity, -Infinity, 3.4e38, -3.4e38, 1e30, 1e10, -1e10, 1e5, 1e-45, 0, -0, 100, -100];

function changedNative(bytes: Uint8Array, random: RandomStream): Uint8Array {
  if (random.integer(4) === 0) return changedSafetensors(bytes, random);
  const { kind, config, arrays } = decodeNative(bytes);
  if (random.integer(2) === 0) {
    try {
      return encodeNative({
        kind,
        config: JSON.parse(Buffer.from(changedJson(Buffer.from(JSON.stringify(config)), random)).toString()) as unknown,
        arrays,
      });
    } catch {
      return changedBytes(bytes, random);
    }
  }
  const { data } = arrays[pick(random, Object.keys(arrays))];
  const value = pick(random, FLOATS);
  const howMany = pick(random, [1, 1, 3, data.length]);
  for (let i = 0; i < howMany; i++)
    data[howMany === data.length ? i : random.integer(Math.max(1, data.length))] =
      value * (random.integer(2) === 0 ? 1 : random.uniform());
  return encodeNative({ kind, config, arrays });
}

/** Chunks with sums that are right again, so that what is in them is looked at. */
function changedPng(bytes: Uint8Array, random: RandomStream): Uint8Array {
  if (random.integer(4) === 0) return changedBytes(bytes, random);
  const parts: { type: string; body: Uint8Array }[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 8; at + 12 <= bytes.length; at += 12 + view.getUint32(at))
    parts.push({
      type: Buffer.from(bytes.subarray(at + 4, at + 8)).toString("latin1"),
      body: bytes.subarray(at + 8, at + 8 + view.getUint32(at)),
    });
  const part = pick(random, parts);
  const kind = random.integer(5);
  if (kind === 0) parts.splice(parts.indexOf(part), 1);
  else if (kind === 1) parts.splice(random.integer(parts.length), 0, part);
  else if (part.type === "IDAT" && kind < 4)
    part.body = deflateSync(
      kind === 2 ? new Uint8Array(random.integer(2 ** 24)) : changedBytes(inflateSync(part.body), random),
    );
  else part.body = changedBytes(part.body, random);
  const chunks = parts.map(({ type, body }) => {
    const own = Buffer.concat([Buffer.from(type, "latin1"), body]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(body.length);
    sum.writeUInt32BE(crc32(own));
    return Buffer.concat([length, own, sum]);
  });
  return Buffer.concat([bytes.subarray(0, 8), ...chunks]);
}

/** A file of a zip file changed, with sums and sizes that are right again; or the zip file itself. */
function changedZip(bytes: Uint8Array, random: RandomStream): Uint8Array {
  if (random.integer(3) === 0) return changedBytes(bytes, random);
  const files = Object.entries(unzipSync(bytes)).map(([name, data]) => ({
    name,
    data,
    deflate: random.integer(4) === 0,
  }));
  const at = random.integer(files.length);
  const file = files[at];
  switch (random.integer(8)) {
    case 0:
      files.splice(at, 1);
      break;
    case 1:
      files.splice(at, 0, file);
      break;
    case 2:
      file.name = pick(random, [`../${file.name}`, `${file.name}x`, "x", files[random.integer(files.length)].name]);
      break;
    case 3:
      file.data = new Uint8Array(random.integer(2 ** 22));
      break;
    default:
      file.data = new Uint8Array(changedBytes(file.data, random));
  }
  return zipOf(files);
}

/** Files by their names as bytes of one, for readers that are given several. */
export const folderBytes = (files: Readonly<Record<string, Uint8Array>>): Uint8Array =>
  Buffer.from(
    JSON.stringify(Object.entries(files).map(([name, bytes]) => [name, Buffer.from(bytes).toString("base64")])),
  );

export const folderFiles = (bytes: Uint8Array): Record<string, Uint8Array> =>
  Object.fromEntries(
    (JSON.parse(Buffer.from(bytes).toString()) as [string, string][]).map(([name, text]) => [
      name,
      new Uint8Array(Buffer.from(text, "base64")),
    ]),
  );

/** One of the files changed, after its kind, or files that change their names. */
function changedFolder(bytes: Uint8Array, random: RandomStream): Uint8Array {
  const files = folderFiles(bytes);
  const names = Object.keys(files);
  // lists are what there is most to be wrong with
  const lists = names.filter((one) => one.endsWith(".json") || one.endsWith(".index"));
  const name = pick(random, random.integer(4) === 0 ? names : lists);
  switch (random.integer(12)) {
    case 0:
      delete files[name];
      break;
    case 1:
      files[pick(random, ["x", "../x", `${name}x`, pick(random, names)])] = files[name];
      break;
    default:
      files[name] = new Uint8Array(
        (name.endsWith(".json") ? changedJson : name.endsWith(".index") ? changedTable : changedBytes)(
          files[name],
          random,
        ),
      );
  }
  return folderBytes(files);
}

/** A block of a table of LevelDB changed, with a checksum that is right again. */
function changedTable(bytes: Uint8Array, random: RandomStream): Uint8Array {
  if (random.integer(4) === 0) return changedBytes(bytes, random);
  const table = Uint8Array.from(bytes);
  const varint = (at: number): [value: number, next: number] => {
    let [value, place, factor] = [0, at, 1];
    do {
      value += (table[place] & 127) * factor;
      factor *= 128;
    } while (table[place++] > 127);
    return [value, place];
  };
  // the footer places two lists; the second is that of blocks, whose first entry places the first one
  let next = table.length - 48;
  const handle = (): { at: number; size: number } => {
    const [at, after] = varint(next);
    const [size, end] = varint(after);
    next = end;
    return { at, size };
  };
  handle();
  const list = handle();
  next = list.at + 3 + table[list.at + 1];
  const block = pick(random, [handle(), list]);
  for (let n = 1 + random.integer(3); n > 0; n--) {
    const at = block.at + random.integer(block.size);
    table[at] = random.integer(2) === 0 ? table[at] ^ (1 << random.integer(8)) : pick(random, BYTES);
  }
  const sum = masked(crc32c(table.subarray(block.at, block.at + block.size + 1)));
  new DataView(table.buffer).setUint32(block.at + block.size + 1, sum, true);
  return table;
}

const change: Readonly<Record<Format, (bytes: Uint8Array, random: RandomStream) => Uint8Array>> = {
  bytes: changedBytes,
  text: (bytes, random) => (random.integer(2) === 0 ? changedBytes : changedLines)(bytes, random),
  json: changedJson,
  lines: changedLines,
  safetensors: changedSafetensors,
  native: changedNative,
  png: changedPng,
  zip: changedZip,
  folder: changedFolder,
  gzip: (bytes, random) =>
    random.integer(4) === 0 ? changedBytes(bytes, random) : gzipSync(changedBytes(gunzipSync(bytes), random)),
};

/** Formats whose changed copies can be changed again and still mean something. */
const AGAIN: ReadonlySet<Format> = new Set(["bytes", "text", "lines", "json"]);

/** A copy with one change, or up to three. The same stream gives the same copy. */
export function mutant(format: Format, bytes: Uint8Array, random: RandomStream): Uint8Array {
  let changed = change[format](bytes, random);
  for (let more = AGAIN.has(format) ? random.integer(3) : 0; more > 0; more--)
    changed = change[format](changed, random);
  return new Uint8Array(changed);
}
