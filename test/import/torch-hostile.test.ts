/** Pickles that call things, grow, or lie about their tensors. */
import { describe, expect, test } from "vitest";
import { arraysIn, readWeights } from "../../src/import/index.ts";
import { type ZippedFile, zipOf } from "../helpers/zip.ts";

const bytes = (...parts: readonly (string | readonly number[])[]): Uint8Array =>
  new Uint8Array(
    Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.from(part)))),
  );
const text = (value: string): number[] => [
  0x58,
  ...new Uint8Array(Uint32Array.of(value.length).buffer),
  ...Buffer.from(value),
];
const int = (value: number): number[] => [0x4a, ...new Uint8Array(Int32Array.of(value).buffer)];
const global = (module: string, name: string): string => `c${module}\n${name}\n`;

const torch = (pickle: Uint8Array, more: readonly ZippedFile[] = []): Uint8Array =>
  zipOf([{ name: "m/data.pkl", data: pickle }, ...more]);
const floats = (count: number, key = "0"): ZippedFile => ({ name: `m/data/${key}`, data: new Uint8Array(4 * count) });

/** A pickle of { "w": tensor } with these sizes, strides, offset and number of elements in the storage. */
function tensor(sizes: number[], strides: number[], offset: number, count: number, type = "FloatStorage"): Uint8Array {
  const storage = [0x28, ...text("storage")];
  return bytes(
    [0x80, 2, 0x7d, ...text("w")],
    global("torch._utils", "_rebuild_tensor_v2"),
    [0x28, ...storage],
    global("torch", type),
    [...text("0"), ...text("cpu"), ...int(count), 0x74, 0x51, ...int(offset)],
    [0x28, ...sizes.flatMap(int), 0x74, 0x28, ...strides.flatMap(int), 0x74],
    [0x89],
    global("collections", "OrderedDict"),
    [0x29, 0x52, 0x74, 0x52, 0x73, 0x2e],
  );
}

describe("pickles that call things", () => {
  test.each<[string, Uint8Array]>([
    ["os.system", bytes([0x80, 2], global("os", "system"), text("touch /tmp/x"), [0x85, 0x52, 0x2e])],
    ["posix.system", bytes([0x80, 2], global("posix", "system"), text("id"), [0x85, 0x52, 0x2e])],
    ["builtins.eval", bytes([0x80, 2], global("builtins", "eval"), text("1"), [0x85, 0x52, 0x2e])],
    ["__builtin__.getattr", bytes([0x80, 2], global("__builtin__", "getattr"), [0x2e])],
    ["builtins.exec by STACK_GLOBAL", bytes([0x80, 4], text("builtins"), text("exec"), [0x93, 0x2e])],
    ["torch.load", bytes([0x80, 2], global("torch", "load"), text("x"), [0x85, 0x52, 0x2e])],
    ["torch.storage._load_from_bytes", bytes([0x80, 2], global("torch.storage", "_load_from_bytes"), [0x2e])],
    ["a class of its own", bytes([0x80, 2], global("__main__", "Net"), [0x29, 0x81, 0x2e])],
    ["constructor", bytes([0x80, 2], global("constructor", "constructor"), [0x29, 0x52, 0x2e])],
    [
      "a chain of __reduce__",
      bytes(
        [0x80, 2],
        global("collections", "OrderedDict"),
        [0x29, 0x52],
        global("os", "popen"),
        [0x29, 0x52, 0x62, 0x2e],
      ),
    ],
  ])("%s", async (_, pickle) => {
    await expect(readWeights(torch(pickle))).rejects.toThrow(
      /the name ".*", which may be code. Save the weights alone/,
    );
  });

  test.each<[string, Uint8Array]>([
    ["a value", bytes([0x80, 2], text("x"), [0x29, 0x52, 0x2e])],
    ["a class that is a value", bytes([0x80, 2], global("builtins", "list"), [0x29, 0x52, 0x2e])],
    ["a storage's class", bytes([0x80, 2], global("torch", "FloatStorage"), [0x29, 0x52, 0x2e])],
    ["the result of a call", bytes([0x80, 2], global("collections", "OrderedDict"), [0x29, 0x52, 0x29, 0x52, 0x2e])],
  ])("calls of %s", async (_, pickle) => {
    await expect(readWeights(torch(pickle))).rejects.toThrow(/expected a known object before offset \d+/);
  });

  test.each<[string, Uint8Array]>([
    ["INST", bytes([0x80, 2, 0x28], "ios\nsystem\n", [0x2e])],
    ["OBJ", bytes([0x80, 2, 0x28], global("collections", "OrderedDict"), [0x6f, 0x2e])],
    ["EXT1", bytes([0x80, 2, 0x82, 1, 0x2e])],
    ["PERSID", bytes([0x80, 2], "Px\n", [0x2e])],
    ["protocol 0", bytes("I1\n.")],
  ])("the opcode of %s", async (_, pickle) => {
    await expect(readWeights(torch(pickle))).rejects.toThrow(/an opcode for data/);
  });
});

/** A list of 60 lists, each of which names the one before it ten times. */
function memoBomb(): Uint8Array {
  const lists = Array.from({ length: 59 }, (_, i) => [
    0x5d,
    0x71,
    i + 1,
    0x28,
    ...Array.from({ length: 10 }, () => [0x68, i]).flat(),
    0x65,
  ]);
  return bytes([0x80, 2, 0x28, 0x5d, 0x71, 0], ...lists, [0x74, 0x2e]);
}

describe("pickles that grow", () => {
  test.each<[string, Uint8Array, RegExp]>([
    ["lists that are named again and again", memoBomb(), /at most (500000 values|64 levels)/],
    ["a list that holds itself", bytes([0x80, 2, 0x5d, 0x71, 0, 0x68, 0, 0x61, 0x2e]), /at most 64 levels/],
    [
      "100,000 levels",
      bytes([0x80, 2], Array<number>(100_000).fill(0x5d), Array<number>(99_999).fill(0x61), [0x2e]),
      /at most 64 levels/,
    ],
    ["300,000 lists", bytes([0x80, 2], Array<number>(300_000).fill(0x5d), [0x2e]), /at most 200000 lists/],
    [
      "600,000 values that are kept",
      bytes([0x80, 4, 0x4e], Array<number>(600_000).fill(0x94), [0x2e]),
      /at most 500000 values that are kept/,
    ],
    ["a text of 4 GB", bytes([0x80, 2, 0x58, 255, 255, 255, 255, 0x2e]), /text of at most 16777216 bytes/],
    ["a text of 2^63 bytes", bytes([0x80, 4, 0x8d, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x2e]), /below 2\^53/],
    ["an integer of 2 GB", bytes([0x80, 2, 0x8b, 255, 255, 255, 127, 0x2e]), /integers of at most 64 bytes/],
    ["bytes of 4 GB", bytes([0x80, 3, 0x42, 255, 255, 255, 255, 0x2e]), /4294967295 bytes at offset/],
    ["no end", bytes([0x80, 2, 0x7d]), /1 bytes at offset 3/],
    ["nothing", bytes([0x80, 2, 0x2e]), /a value before offset 3, got none/],
    ["a mark that is not there", bytes([0x80, 2, 0x74, 0x2e]), /a mark/],
    ["a value that was not kept", bytes([0x80, 2, 0x68, 7, 0x2e]), /a value that was kept/],
    ["two values", bytes([0x80, 2, 0x4e, 0x4e, 0x2e]), /one value/],
    [
      "a key twice",
      bytes([0x80, 2, 0x7d, 0x28], text("a"), [0x4e], text("a"), [0x4e, 0x75, 0x2e]),
      /each key once, got "a" twice/,
    ],
    [
      "__proto__",
      bytes([0x80, 2, 0x7d], text("__proto__"), [0x7d, 0x73, 0x2e]),
      /a key of text or numbers before offset \d+, got __proto__/,
    ],
    ["protocol 6", bytes([0x80, 6, 0x4e, 0x2e]), /pickle up to 5, got 6/],
  ])("%s", async (_, pickle, message) => {
    const start = performance.now();
    await expect(readWeights(torch(pickle))).rejects.toThrow(message);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});

describe("tensors that lie", () => {
  const max = 2 ** 31 - 1;
  test.each<[string, Uint8Array, RegExp]>([
    ["no storage", torch(tensor([2], [1], 0, 2)), /the storage "0", got no file/],
    ["a storage of another size", torch(tensor([2], [1], 0, 2), [floats(3)]), /8 bytes, got 12/],
    [
      "elements beyond the storage",
      torch(tensor([3], [1], 0, 2), [floats(2)]),
      /elements within its storage of 2, got 3 from 0 on/,
    ],
    ["an offset beyond the storage", torch(tensor([1], [1], 2, 2), [floats(2)]), /1 from 2 on/],
    ["a stride beyond the storage", torch(tensor([2], [max], 0, 2), [floats(2)]), /elements within its storage/],
    ["a negative stride", torch(tensor([2], [-1], 1, 2), [floats(2)]), /other sizes or strides/],
    ["a negative size", torch(tensor([-2], [1], 0, 2), [floats(2)]), /other sizes or strides/],
    ["fewer strides than sizes", torch(tensor([2, 1], [1], 0, 2), [floats(2)]), /other sizes or strides/],
    ["2^62 elements of one", torch(tensor([max, max], [0, 0], 0, 1), [floats(1)]), /fewer than 2\^31 numbers/],
    [
      "a billion elements of one",
      torch(tensor([1e9], [0], 0, 1), [floats(1)]),
      /tensors of at most \d+ bytes from storages/,
    ],
    [
      "nine axes",
      torch(tensor(Array<number>(9).fill(1), Array<number>(9).fill(1), 0, 1), [floats(1)]),
      /at most 8 axes/,
    ],
    ["complex numbers", torch(tensor([1], [1], 0, 1, "ComplexFloatStorage"), [floats(2)]), /complex numbers/],
  ])("%s", async (_, file, message) => {
    await expect(readWeights(file)).rejects.toThrow(message);
  });

  test("a right one of the same maker is read, and a damaged storage is refused when it is read", async () => {
    expect(arraysIn(await readWeights(torch(tensor([2], [1], 0, 2), [floats(2)])))["w"].data).toEqual(
      new Float32Array(2),
    );
    const damaged = { ...floats(2), listed: { crc: 5 } };
    const weights = await readWeights(torch(tensor([2], [1], 0, 2), [damaged]));
    expect(() => arraysIn(weights)).toThrow(/the checksum 5/);
  });
});

describe("other files of PyTorch", () => {
  const empty = bytes([0x80, 2, 0x7d, 0x2e]);
  test.each<[string, Uint8Array, RegExp]>([
    [
      "TorchScript",
      torch(empty, [{ name: "m/code/__torch__.py", data: empty }]),
      /TorchScript.*torch.jit.load\(path\).state_dict\(\)/,
    ],
    ["TorchScript without code", torch(empty, [{ name: "m/constants.pkl", data: empty }]), /TorchScript/],
    [
      "big-endian",
      torch(empty, [{ name: "m/byteorder", data: Buffer.from("big") }]),
      /little-endian numbers, got byte order "big"/,
    ],
    [
      "before 1.6",
      bytes([0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e]),
      /a pickle alone. Save the weights again.*torch.save\(model.state_dict\(\), path\)/,
    ],
    [
      "another zip file",
      zipOf([{ name: "readme.txt", data: empty }]),
      /a zip file of weights, got one of the files \["readme.txt"\]/,
    ],
  ])("%s", async (_, file, message) => {
    await expect(readWeights(file)).rejects.toThrow(message);
  });
});
