/** @file Who trained a run: versions, engine and threads. */
import { createRequire } from "node:module";
import { type Checks, schema } from "../../base/index.ts";
import { engineReport, type NumericsClass } from "../../engine/index.ts";

/** The software that trained a run, and when it started. */
export type RunMaker = {
  /** Version of this package. */
  readonly unrolled: string;
  /** Version of Node. */
  readonly node: string;
  /** Operating system and processor, such as "linux x64". */
  readonly platform: string;
  readonly engine: string;
  readonly numerics: NumericsClass;
  readonly threads: number;
  /** ISO 8601, UTC. */
  readonly started: string;
};

/** Software that resumed a run which other software had trained before. */
export type RunPart = RunMaker & {
  /** Steps that were done before. */
  readonly step: number;
};

/** Checks of `RunMaker`. */
export const makerChecks: Checks<RunMaker> = {
  unrolled: schema.text,
  node: schema.text,
  platform: schema.text,
  engine: schema.text,
  numerics: schema.choice("portable", "fma"),
  threads: schema.integer(1),
  started: schema.matching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/, "a time such as 2026-01-31T12:00:00Z"),
};

/** Versions, engine and threads as they are now, and the time. */
export function runMaker(): RunMaker {
  const { version } = createRequire(import.meta.url)("unrolled/package.json") as { version: string };
  const { name, numerics, threads } = engineReport();
  return {
    unrolled: version,
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    engine: name,
    numerics,
    threads,
    started: new Date().toISOString(),
  };
}

/**
 * The configuration of a run that `maker` resumes after `step` steps: with another part at its end,
 * where other software has trained it so far. Parts that began later are dropped.
 */
export function continuedBy<C extends { readonly maker: RunMaker; readonly continued?: readonly RunPart[] }>(
  config: C,
  step: number,
  maker: RunMaker,
): C {
  const { continued = [], ...rest } = config;
  const before = continued.filter((part) => part.step < step);
  const last = before.at(-1) ?? config.maker;
  const differs = ([name, value]: [string, unknown]): boolean =>
    name !== "started" && last[name as keyof RunMaker] !== value;
  const isAnother = Object.entries(maker).some(differs);
  // a run of which nothing is done yet is wholly the new maker's
  if (isAnother && step === 0) return { ...rest, maker } as unknown as C;
  const after = isAnother ? [...before, { step, ...maker }] : before;
  return { ...rest, ...(after.length > 0 && { continued: after }) } as unknown as C;
}
