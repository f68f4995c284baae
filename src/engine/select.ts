import type { Engine } from "./engine.ts";
import { referenceEngine } from "./reference/index.ts";

let current: Engine | undefined;

/** The engine that tensors live on, started when first asked for. The only place that knows every engine. */
export function currentEngine(): Engine {
  current ??= referenceEngine();
  return current;
}
