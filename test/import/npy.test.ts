/** Headers of numpy that lie, or would be code elsewhere. */
import { expect, test } from "vitest";
import { readWeights } from "../../src/import/index.ts";
import { zipOf } from "../helpers/zip.ts";

/** An array with this header and so many bytes of zeros. */
function npy(header: string, bytes = 0, { version = 1, size = header.length } = {}): Uint8Array {
  const length =
    version === 1 ? new Uint8Array(Uint16Array.of(size).buffer) : new Uint8Array(Uint32Array.of(size).buffer);
  return new Uint8Array(
    Buffer.concat([
      Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]),
      length,
      Buffer.from(header),
      Buffer.alloc(bytes),
    ]),
  );
}
const header = (shape: string, descr = "'<f4'", order = "False"): string =>
  `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }\n`;

const endingWith255 = (bytes: Uint8Array): Uint8Array => bytes.fill(255, bytes.length - 4);

test("reads a header as old versions of numpy wrote it", async () => {
  const { tensors } = await readWeights(npy(header("(2L, 3L)").replace("2L, 3L", "2, 3"), 24));
  expect(tensors[0].shape).toEqual([2, 3]);
});

test.each<[string, Uint8Array, RegExp]>([
  ["objects", npy(header("(1,)", "'|O'"), 8), /an array of objects, which may be code/],
  ["a structured array", npy(header("(1,)", "[('a', '<f4')]"), 4), /a structured array/],
  ["complex numbers", npy(header("(1,)", "'<c8'"), 8), /an array of numbers, got "c8"/],
  ["times", npy(header("(1,)", "'<M8'"), 8), /an array of numbers, got "M8"/],
  ["big-endian numbers", npy(header("(1,)", "'>f4'"), 4), /little-endian numbers.*astype\("<f4"\)/],
  ["a call in the header", npy(header("__import__('os').system('id')"), 4), /'descr', 'fortran_order' and 'shape'/],
  ["a product in the shape", npy(header("(2*3,)"), 24), /'descr', 'fortran_order' and 'shape'/],
  ["a negative size", npy(header("(-1,)"), 4), /'descr', 'fortran_order' and 'shape'/],
  ["more after the header", npy(`${header("(1,)")}, 1`, 4), /'descr', 'fortran_order' and 'shape'/],
  ["2^53 numbers", npy(header("(9007199254740992,)"), 4), /a shape of integers/],
  ["a product beyond 2^53", npy(header("(99999999, 99999999, 99999999)"), 4), /fewer than 2\^31/],
  ["no numbers", npy(header("(1,)")), /4 bytes of numbers, got 0/],
  ["numbers beyond the array", npy(header("(1,)"), 8), /4 bytes of numbers, got 8/],
  ["a header beyond the file", npy(header("(1,)"), 0, { size: 5000 }), /5000 bytes of the header/],
  ["a header of 4 GB", npy(header("(1,)"), 0, { version: 2, size: 2 ** 32 - 1 }), /a header of at most 65536 bytes/],
  ["version 4", npy(header("(1,)"), 4, { version: 4 }), /version 1, 2 or 3/],
  ["__proto__", zipOf([{ name: "__proto__.npy", data: npy(header("(1,)"), 4) }]), /an ordinary name/],
  ["a huge text", zipOf([{ name: "a.npy", data: npy(header("(1,)", "'<U999999999'"), 4) }]), /at most 1000000 letters/],
  [
    "letters beyond Unicode",
    zipOf([{ name: "a.npy", data: endingWith255(npy(header("(1,)", "'<U1'"), 4)) }]),
    /letters, got other numbers/,
  ],
])("refuses %s", async (_, bytes, message) => {
  await expect(readWeights(bytes)).rejects.toThrow(message);
  await expect(readWeights(bytes)).rejects.toMatchObject({ code: /^ERR_(FORMAT|UNSUPPORTED)$/ });
});
