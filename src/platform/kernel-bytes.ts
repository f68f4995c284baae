import { packedKernels } from "./packed-kernels.ts";
import { Predictor, unpack } from "./packed-code.ts";

const unpacked = new Map<string, Uint8Array<ArrayBuffer>>();

/**
 * The bytes of a build of the kernels, unpacked from the text in the JavaScript, in some 10 ms.
 * Throws if there is none, as in the sources.
 */
export function kernelBytes(build: string): Uint8Array<ArrayBuffer> {
  const predictor = new Predictor();
  let bytes = new Uint8Array(0);
  // each helps to read the next
  for (const [name, { text, length }] of Object.entries(packedKernels)) {
    if (unpacked.has(build)) break;
    bytes = unpack(text, length, bytes, predictor);
    unpacked.set(name, bytes);
  }
  const found = unpacked.get(build);
  if (found === undefined) throw new Error(`there are no kernels ${build}`);
  return found;
}
