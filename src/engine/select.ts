import { environment, kernelModule } from "#platform";
import { checkChoice, sentence, UnsupportedError } from "../base/index.ts";
import type { Engine } from "./engine.ts";
import { referenceEngine } from "./reference/index.ts";
import { wasmEngine } from "./wasm/index.ts";

let current: Engine | undefined;

/**
 * The engine that tensors live on, started when first asked for. The only place that knows every engine.
 *
 * `UNROLLED_ENGINE=wasm|reference` forces one; by default it is WebAssembly where the kernels can be loaded. `UNROLLED_NUMERICS=portable`
 * rounds after every multiply and add, as the reference does; `fma` insists on fused multiply-add; by default it is used where there is.
 */
export function currentEngine(): Engine {
  current ??= start();
  return current;
}

function start(): Engine {
  const wanted = checkChoice("UNROLLED_ENGINE", environment("UNROLLED_ENGINE") ?? "auto", [
    "auto",
    "wasm",
    "reference",
  ]);
  const numerics = checkChoice("UNROLLED_NUMERICS", environment("UNROLLED_NUMERICS") ?? "auto", [
    "auto",
    "fma",
    "portable",
  ]);
  if (wanted === "reference") return referenceEngine();
  const fused = numerics === "portable" ? undefined : kernelModule("relaxed");
  const module = fused ?? kernelModule("simd");
  if (module !== undefined && (fused !== undefined || numerics !== "fma"))
    return wasmEngine(module, fused !== undefined);
  if (wanted === "auto" && numerics !== "fma") return referenceEngine();
  throw new UnsupportedError(
    sentence("engine", numerics === "fma" ? "relaxed SIMD" : "WebAssembly kernels", "none on this platform"),
  );
}
