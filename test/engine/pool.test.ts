/** What happens to the threads of the WebAssembly engine when something happens to its workers. */
import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { jobs } from "../../kernels/tools/jobs.ts";
import { UnsupportedError } from "../../src/base/index.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { referenceEngine } from "../../src/engine/reference/index.ts";
import { instantiate } from "../../src/engine/wasm/kernels.ts";
import { canRevectorize, kernelModule, startWorker, type WorkerHandle } from "../../src/platform/node.ts";
import { faultsOf, sameBits } from "./compare.ts";
import { engineOf, tiles, untilRunning, watchWorkers } from "./engines.ts";
import { recurrentCases } from "./recurrent-cases.ts";

const name = "lstm plain [6, 8, 12, 48] ragged";
const step = recurrentCases.find((kernel) => kernel.name === name) ?? recurrentCases[0];
const expected = step.run(referenceEngine());

const makeEngine = (threads: number): Engine =>
  engineOf({ numerics: "portable", tiles: tiles.slice(0, 1), revectorize: canRevectorize, threads });

const start = async (threads: number): Promise<Engine> => {
  const engine = makeEngine(threads);
  await untilRunning(engine, () => void step.run(engine));
  return engine;
};

const expectRight = (engine: Engine): void => expect(faultsOf(step, step.run(engine), expected, sameBits)).toEqual([]);

let watch: ReturnType<typeof watchWorkers>;
beforeEach(() => {
  watch = watchWorkers();
});
afterEach(() => watch.end());

/** Lets the events of ended workers come. */
const untilNoticed = (): Promise<void> => sleep(20);

describe("a worker that ends while it waits for jobs", () => {
  test.each([
    ["ends", "a worker that ended with code 1", (index: number) => watch.workers[index].terminate()],
    [
      "fails",
      "a worker that died: out of memory",
      (index: number) => watch.workers[index].emit("error", new Error("out of memory")),
    ],
  ])("%s: the next step says so, the one after it has new workers", async (_, why, kill) => {
    const engine = await start(4);
    expectRight(engine);
    expect(watch.workers).toHaveLength(3);
    await kill(1);
    await untilNoticed();
    const failing = (): void => void step.run(engine);
    expect(failing).toThrow(UnsupportedError);
    await untilRunning(engine, () => expectRight(engine));
    expect(watch.workers).toHaveLength(6);
    for (let i = 0; i < 5; i++) expectRight(engine);
    expect(engine.report()).toMatchObject({ threads: 4, running: 4 });
    expect(engine.stats()).toEqual({ liveBlocks: 0, liveBytes: 0 });

    await kill(4);
    await untilNoticed();
    expect(failing).toThrow(
      `threads: expected workers that finish their jobs, got ${why}. The step was lost; the next one starts new workers`,
    );
    expectRight(engine);
  });
});

test("workers that end before they are there: the engine stays with one thread, and says why", async () => {
  const engine = makeEngine(3);
  expectRight(engine);
  // Node tells of workers a little later
  await sleep(0);
  expect(watch.workers).toHaveLength(2);
  await Promise.all(watch.workers.map((worker) => worker.terminate()));
  await untilNoticed();
  for (let i = 0; i < 3; i++) expectRight(engine);
  await sleep(0);
  expect(watch.workers).toHaveLength(2);
  expect(engine.report()).toMatchObject({ threads: 1, running: 1 });
  expect(engine.report().choices).toContainEqual({
    what: "threads",
    chosen: "1",
    why: expect.stringMatching(/^workers can't be started: a worker that ended with code/),
  });
  // until somebody asks again
  engine.useThreads(3);
  await untilRunning(engine, () => expectRight(engine));
  expectRight(engine);
  expect(engine.report()).toMatchObject({ threads: 3, running: 3 });
});

test("threads can become more and fewer between steps", async () => {
  const engine = await start(2);
  for (const threads of [4, 1, 3, 2, 4, 5]) {
    engine.useThreads(threads);
    await untilRunning(engine, () => expectRight(engine));
    for (let i = 0; i < 10; i++) expectRight(engine);
  }
  expect(watch.workers).toHaveLength(4);
});

const crossEntropy = jobs.findIndex(({ name }) => name === "crossEntropy");

/** As in kernels/assembly/pool.ts, counted in int32. */
const [EPOCH, DONE] = [16, 32];

/** Kernels on memory of their own. A page is enough for jobs, another for the scratch of one worker. */
function makeKernels(): { kernels: ReturnType<typeof instantiate>; words: Int32Array; startOne: () => WorkerHandle } {
  const module = kernelModule("simd-threads", { revectorize: canRevectorize });
  if (module === undefined) throw new Error("no kernels for shared memory");
  const memory = new WebAssembly.Memory({ initial: 16, maximum: 65_536, shared: true });
  const startOne = (): WorkerHandle => startWorker({ module, memory, scratch: 65_536, thread: 1 }, () => {});
  return { kernels: instantiate(module, memory), words: new Int32Array(memory.buffer), startOne };
}

test("a worker that comes late takes no part in a job that is over", async () => {
  const { kernels, words, startOne } = makeKernels();
  Atomics.store(words, EPOCH, 7);
  const worker = startOne();
  while (kernels.ready() === 0) await sleep(2);
  await sleep(30);
  expect(Atomics.load(words, DONE)).toBe(0);
  for (let i = 0; i < 100; i++) {
    expect(kernels.dispatch(crossEntropy, 2, 1, 5, 1)).toBe(1);
    expect(Atomics.load(words, DONE)).toBe(1);
  }
  worker.stop();
});

test("a worker that does not answer is given up", () => {
  const { kernels } = makeKernels();
  const begin = performance.now();
  expect(kernels.dispatch(crossEntropy, 2, 1, 1, 1)).toBe(0);
  expect(performance.now() - begin).toBeGreaterThan(900);
});

test("waiting workers do not keep the process alive", async () => {
  const script = fileURLToPath(new URL("./threaded-program.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script], { timeout: 20_000 });
  const [threads, end] = stdout.trim().split(" ").map(Number);
  expect(threads).toBe(4);
  expect(Date.now() - end).toBeLessThan(3000);
});
