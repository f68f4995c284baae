/**
 * @file What this host's WebAssembly can do, found by letting it look at the smallest module that
 * needs each feature.
 */

type Feature = "simd" | "relaxedSimd" | "threads";

export type WasmFeatures = Readonly<Record<Feature, boolean>>;

/** Every module begins with it. All bytes are hexadecimal. */
const HEADER = "00 61 73 6d 01 00 00 00";
/** One function, () -> v128. */
const VECTOR_FUNCTION = "01 05 01 60 00 01 7b 03 02 01 00";

const modules: Readonly<Record<Feature, string>> = {
  /** i8x16.popcnt(i8x16.splat(0)). */
  simd: `${VECTOR_FUNCTION} 0a 0a 01 08 00 41 00 fd 0f fd 62 0b`,
  /** i8x16.relaxed_swizzle(i8x16.splat(1), i8x16.splat(2)). */
  relaxedSimd: `${VECTOR_FUNCTION} 0a 0f 01 0d 00 41 01 fd 0f 41 02 fd 0f fd 80 02 0b`,
  /** A function () -> (), a shared memory, i32.atomic.load(0). */
  threads: "01 04 01 60 00 00 03 02 01 00 05 04 01 03 01 01 0a 0b 01 09 00 41 00 fe 10 02 00 1a 0b",
};

/** Ask after the engine has started: where relaxed SIMD is behind a flag, it sets the flag. */
export function wasmFeatures(): WasmFeatures {
  const has = (feature: Feature): boolean => {
    const bytes = `${HEADER} ${modules[feature]}`.split(" ");
    return WebAssembly.validate(Uint8Array.from(bytes, (byte) => Number.parseInt(byte, 16)));
  };
  return { simd: has("simd"), relaxedSimd: has("relaxedSimd"), threads: has("threads") };
}
