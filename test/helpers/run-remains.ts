/** @file What a finished run leaves, to be compared with that of a run that was left alone. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readMetrics } from "../../src/node/index.ts";

const hashOf = (path: string): string =>
  existsSync(path) ? createHash("sha256").update(readFileSync(path)).digest("hex") : "none";

/** Without what a clock, a process number or the typed command has a say in. */
export function remainsOf(directory: string): object {
  const metrics = readMetrics(join(directory, "metrics.jsonl")).map(
    ({ seconds: _seconds, tokensPerSecond: _speed, ...event }) => event,
  );
  const {
    command: _command,
    maker,
    ...config
  } = JSON.parse(readFileSync(join(directory, "config.json"), "utf8")) as {
    readonly command: string;
    readonly maker: { readonly started: string };
  };
  const names = readdirSync(directory).filter((name) => !name.startsWith("events.out.tfevents."));
  return {
    metrics,
    config: { ...config, maker: { ...maker, started: "" } },
    model: hashOf(join(directory, "model.safetensors")),
    best: hashOf(join(directory, "best.safetensors")),
    names: names.toSorted(),
    checkpoints: readdirSync(join(directory, "checkpoints")).toSorted(),
  };
}
