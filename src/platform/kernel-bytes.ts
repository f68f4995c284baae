import { packedKernels } from "./packed-kernels.ts";
import { unpack } from "./packed-code.ts";

const unpacked = new Map<string, Uint8Array<ArrayBuffer>>();

/**
 * The bytes of a build of the kernels, unpacked from the text in the JavaScript, in some 10 ms.
 * Throws if there is none, as in the sources.
 */
export function kernelBytes(build: string): Uint8Array<ArrayBuffer> {
  const known = unpacked.get(build);
  if (known !== undefined) return known;
  const packed = packedKernels[build];
  if (packed === undefined) throw new Error(`there are no kernels ${build}`);
  const { text, length, after } = packed;
  const bytes = unpack(text, length, after === undefined ? new Uint8Array(0) : kernelBytes(after));
  unpacked.set(build, bytes);
  return bytes;
}
