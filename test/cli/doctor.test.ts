/** `unrolled doctor`, as a user runs it. */
import { expect, test } from "vitest";
import { commandFolder, type Result } from "../helpers/cli.ts";
import { choicesOf } from "../../src/cli/commands/engine-choices.ts";

const { run } = commandFolder("doctor");
const doctor = (
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
  flags: readonly string[] = [],
): Result => run(["doctor", ...args], { env: variables, flags });

test("says what runs and why, how fast it is, and that it is right", () => {
  const { status, stdout, stderr } = doctor([], { UNROLLED_THREADS: "2" });
  expect(stderr).toBe("");
  expect(stdout).toContain(`Node         ${process.versions.node}, ${process.platform} ${process.arch}\n`);
  expect(stdout).toContain("SIMD yes, relaxed SIMD yes, threads yes\n");
  expect(stdout).toMatch(/taken from the system, at most 4 GiB\n/);
  expect(stdout).toMatch(/^threads +2 +UNROLLED_THREADS +UNROLLED_THREADS=n$/m);
  for (const name of ["ENGINE", "NUMERICS", "REVECTORIZE", "TILE"]) expect(stdout).toContain(`UNROLLED_${name}=`);
  expect(stdout).toMatch(/^matrix product .* [\d.]+ +[\d.]+ {2}GFLOP\/s$/m);
  expect(stdout).toMatch(/^LSTM training step.* [\d.]+ +[\d.]+ {2}ms$/m);
  expect(stdout).not.toContain("FAILED");
  expect(stdout.match(/ ok$/gm)).toHaveLength(3);
  expect(status).toBe(0);
});

test("--json is the same as one object, and environment variables are seen", () => {
  const { status, stdout } = doctor(["--json"], { UNROLLED_NUMERICS: "portable", UNROLLED_THREADS: "1" });
  expect(stdout.trim()).not.toContain("\n");
  const told = JSON.parse(stdout) as {
    choices: { what: string; why: string }[];
    memory: { taken: number };
    speed: { threads: number; gflops: number; stepMilliseconds: number }[];
  };
  expect(told).toMatchObject({
    node: process.versions.node,
    engine: "wasm",
    numerics: "portable",
    threads: 1,
    webAssembly: { simd: true, relaxedSimd: true, threads: true },
    memory: { limit: 2 ** 32 },
    checks: [{ ok: true }],
    ok: true,
  });
  expect(told.choices).toContainEqual(expect.objectContaining({ what: "numerics", why: "UNROLLED_NUMERICS" }));
  expect(told.memory.taken).toBeGreaterThan(2 ** 20);
  expect(told.speed.map(({ threads }) => threads)).toEqual([1]);
  expect(told.speed[0].gflops).toBeGreaterThan(0.1);
  expect(told.speed[0].stepMilliseconds).toBeGreaterThan(0.1);
  expect(status).toBe(0);
});

test("a machine that computes wrong fails", () => {
  // everything that is read differs from the time before
  const wrong = `const { slice } = Float32Array.prototype; let n = 0;
    Float32Array.prototype.slice = function (...range) { const y = slice.apply(this, range); y[0] += ++n; return y; };`;
  const preload = ["--import", `data:text/javascript,${encodeURIComponent(wrong)}`];
  const { status, stdout } = doctor([], { UNROLLED_THREADS: "2" }, preload);
  expect(stdout).toMatch(/integers is exact +FAILED\n/);
  expect(stdout).toMatch(/bit for bit +FAILED\n/);
  expect(status).toBe(1);
});

test("workers that can't be started are a failure, and the reason is told", () => {
  const wrong = `import worker from "node:worker_threads"; import { syncBuiltinESMExports } from "node:module";
    worker.Worker = class { constructor() { throw new Error("no more threads"); } }; syncBuiltinESMExports();`;
  const preload = ["--import", `data:text/javascript,${encodeURIComponent(wrong)}`];
  const { status, stdout } = doctor([], { UNROLLED_THREADS: "2" }, preload);
  expect(stdout).toMatch(/^threads +1 +workers can't be started: no more threads/m);
  expect(stdout).toMatch(/^all 2 threads have started +FAILED$/m);
  expect(stdout).toMatch(/integers is exact +ok$/m);
  expect(status).toBe(1);
});

test("a choice that can't be had is one line", () => {
  const { status, stdout, stderr } = doctor([], { UNROLLED_TILE: "99x8" });
  expect(stderr).toMatch(/^unrolled doctor: UNROLLED_TILE rows: expected .*, got 99\n$/);
  expect(stdout).toBe("");
  expect(status).toBe(2);
});

test("an engine that had to step back says why itself", () => {
  const fallback = { what: "engine", chosen: "reference", why: "build: simd can't be loaded" };
  const report = { name: "reference", numerics: "portable", threads: 1, running: 1, bytes: 0 } as const;
  const [engine, numerics, threads, ...rest] = choicesOf({ ...report, choices: [fallback] }, {});
  expect(engine).toEqual({ ...fallback, variable: "UNROLLED_ENGINE=wasm|reference" });
  expect(numerics.why).toBe("as the reference engine rounds");
  expect(threads.why).toBe("the reference engine has one");
  expect(rest).toEqual([]);
});
