import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DamagedError, randomStream, UnsupportedError } from "../../base/index.ts";
import { decodeSafetensors, encodeCheckpoint, encodeSafetensors } from "../../formats/index.ts";
import { sha256 } from "#platform";
import { type Fault, losses, type Loss, SimulatedDisk } from "../../../test/helpers/simulated-disk.ts";
import { checkpointStore, type LoadCheckpointOptions } from "./checkpoint-store.ts";

const snapshot = (step: number) =>
  ({
    state: { step },
    arrays: { w: { dtype: "float32", shape: [50], data: new Float32Array(50).fill(step) } },
  }) as const;
const stepsOf = (entries: readonly { readonly step: number }[]): number[] => entries.map(({ step }) => step);
/** For loads that must find nothing damaged. */
const strict: LoadCheckpointOptions = {
  onDamaged: (error) => {
    throw error;
  },
};
const isTemporary = (name: string): boolean => name.endsWith(".tmp");

describe("on a simulated disk", () => {
  const root = "/runs/book";
  type Keep = { readonly keepLast: number; readonly keepBest: number };

  /** Encoded once: the tests below save the same ones thousands of times. */
  const encoded = new Map<number, Uint8Array>();
  beforeAll(async () => {
    for (let step = 1; step <= 9; step++) encoded.set(step, await encodeCheckpoint(snapshot(step)));
  });
  const metrics = [NaN, 5, 1, 4, 3, 0.5, 2, 9, 8, NaN];
  const contents = (step: number): { step: number; metric: number; bytes: Uint8Array } => ({
    step,
    metric: metrics[step],
    bytes: encoded.get(step) as Uint8Array,
  });

  /** A disk on which these steps were saved, one after the other, by a process that ended. */
  async function diskWith(steps: readonly number[], keep: Keep): Promise<SimulatedDisk> {
    const disk = new SimulatedDisk();
    const store = checkpointStore(root, { ...keep, fs: disk });
    for (const step of steps) await store.save(contents(step));
    return disk.copy();
  }

  /** Name, steps before, what is kept, and what was kept before if that was more. */
  const scenarios: [string, readonly number[], Keep, Keep?][] = [
    ["the first save, into a directory that is not there", [], { keepLast: 3, keepBest: 1 }],
    ["a save that removes the only other", [1], { keepLast: 1, keepBest: 0 }],
    ["a save that removes the oldest", [1, 2, 3, 4], { keepLast: 3, keepBest: 0 }],
    ["a save beside an older best", [1, 2, 3, 4], { keepLast: 1, keepBest: 1 }],
    ["a save that is the new best", [1, 2, 3, 4], { keepLast: 2, keepBest: 1 }],
    ["a save that removes three", [1, 2, 3, 4], { keepLast: 2, keepBest: 0 }, { keepLast: 4, keepBest: 0 }],
  ];
  const NEW = 5;

  /**
   * Fails unless the disk has the state before or after, whole; `isSaved` leaves only the one
   * after.
   */
  async function checkState(
    disk: SimulatedDisk,
    { keep, old, isSaved, at }: { keep: Keep; old: readonly number[]; isSaved: boolean; at: string },
  ): Promise<void> {
    const store = checkpointStore(root, { ...keep, fs: disk });
    const found = await store.latest(strict);
    const newest = old.at(-1);
    const allowed = isSaved ? [NEW] : [newest, NEW];
    if (!allowed.includes(found?.step)) expect.fail(`${at}: found ${found?.step}, expected ${allowed.join(" or ")}`);
    if (found !== undefined && found.arrays["w"].data[0] !== found.step) expect.fail(`${at}: other contents`);
    const left = stepsOf(await store.list());
    if (found?.step === newest && !old.every((step) => left.includes(step)))
      expect.fail(`${at}: of ${old.join()} only ${left.join()} are left, and the new one is not there`);
    const bestOf = (steps: readonly number[]): number | undefined =>
      steps.toSorted((a, b) => metrics[a] - metrics[b])[0];
    const best = (await store.best(strict))?.step;
    if (keep.keepBest > 0 && best !== bestOf(old) && best !== bestOf([...old, NEW]))
      expect.fail(`${at}: best is ${best}`);
  }

  /** Runs `checkState` on everything that a loss of power now may leave. */
  async function checkCrashes(disk: SimulatedDisk, about: Parameters<typeof checkState>[1]): Promise<void> {
    for (const loss of Object.keys(losses) as Loss[]) {
      for (const image of disk.crashes(loss)) await checkState(image, { ...about, at: `${about.at}, ${loss}` });
    }
  }

  describe.each(scenarios)("%s", (_, steps, keep, before = keep) => {
    let base: SimulatedDisk;
    let old: number[];
    let operations: string[];
    beforeAll(async () => {
      base = await diskWith(steps, before);
      old = stepsOf(await checkpointStore(root, { ...keep, fs: base.copy() }).list());
      const disk = base.copy();
      await checkpointStore(root, { ...keep, fs: disk }).save(contents(NEW));
      operations = disk.operations;
    });

    test("the power fails after each operation", async () => {
      for (let stopAt = 0; stopAt <= operations.length; stopAt++) {
        const disk = base.copy();
        disk.stopAt = stopAt;
        const store = checkpointStore(root, { ...keep, fs: disk });
        const saved = await store.save(contents(NEW)).then(
          ({ problems }) => problems.length === 0 || "but not tidied up",
          () => false,
        );
        if (stopAt === operations.length) expect(saved).toBe(true);
        const at = `before ${operations[stopAt] ?? "the end"}`;
        await checkCrashes(disk, { keep, old, isSaved: saved !== false, at });
        // the next process goes on and tidies up
        for (const image of disk.crashes("half")) {
          await checkpointStore(root, { ...keep, fs: image }).save(contents(NEW + 1));
          expect(image.names(root).filter(isTemporary), at).toEqual([]);
          expect((await checkpointStore(root, { fs: image }).latest(strict))?.step, at).toBe(NEW + 1);
        }
      }
    });

    test.each(["ENOSPC", "EIO", "EMFILE", "short", "half"] as const)("%s at each operation", async (kind) => {
      for (let at = 0; at < operations.length; at++) {
        const disk = base.copy();
        const fault: Fault = { at, kind };
        disk.fault = fault;
        const store = checkpointStore(root, { ...keep, fs: disk });
        const where = `${kind} at ${operations[at]}`;
        const saved = await store.save(contents(NEW)).then(
          ({ problems }) => {
            expect(problems.length, where).toBe(
              kind === "short" || kind === "half" || !/readdir|unlink/.test(operations[at]) ? 0 : 1,
            );
            return true;
          },
          (error: unknown) => {
            expect(error, where).toMatchObject({ code: kind });
            return false;
          },
        );
        if (kind === "short" || kind === "half") expect(saved, where).toBe(true);
        disk.fault = undefined;
        expect(disk.names(root).filter(isTemporary), where).toEqual([]);
        await checkState(disk, { keep, old, isSaved: saved, at: where });
        await checkCrashes(disk, { keep, old, isSaved: saved, at: where });
        // and the same process goes on
        await store.save(contents(NEW + 1));
        for (const image of disk.crashes("zeroed")) {
          expect((await checkpointStore(root, { fs: image }).latest(strict))?.step, where).toBe(NEW + 1);
        }
      }
    });
  });

  test("the operations of a save, in their order", async () => {
    const disk = await diskWith([1, 2], { keepLast: 1, keepBest: 0 });
    await checkpointStore(root, { keepLast: 1, keepBest: 0, fs: disk }).save(contents(3));
    const shown = disk.operations.map((operation) => operation.replaceAll(/\.\d+\.[0-9a-f]{8}\./g, ".ID."));
    const temporary = "/runs/book/.step-00000003_metric-4.safetensors.ID.tmp";
    const file = "/runs/book/step-00000003_metric-4.safetensors";
    expect(shown).toEqual([
      "mkdir /runs/book",
      "syncDirectory /runs",
      "syncDirectory /",
      "readdir /runs/book",
      "mkdir /runs/book",
      `create ${temporary}`,
      `write ${temporary}`,
      `sync ${temporary}`,
      `close ${temporary}`,
      `rename ${temporary} ${file}`,
      "syncDirectory /runs/book",
      "readdir /runs/book",
      "unlink /runs/book/step-00000002_metric-1.safetensors",
    ]);
  });

  test("a disk that takes no bytes at all is an error, not an endless loop", async () => {
    const disk = new SimulatedDisk();
    const fs = disk.with({
      create: (path: string) => ({ ...disk.create(path), write: () => 0 }),
    });
    await expect(checkpointStore(root, { fs }).save(contents(1))).rejects.toThrow(/takes no more bytes/);
  });

  test("a file that can't be read is passed over; no other error of reading is", async () => {
    const disk = await diskWith([1, 2], { keepLast: 3, keepBest: 1 });
    const seen: DamagedError[] = [];
    const failing = (kind: Fault["kind"]): SimulatedDisk => {
      const copy = disk.copy();
      copy.fault = { at: 1, kind };
      return copy;
    };
    const found = await checkpointStore(root, { fs: failing("EIO") }).latest({
      onDamaged: (error) => seen.push(error),
    });
    expect(found?.step).toBe(1);
    expect(seen.map(({ file }) => file)).toEqual(["/runs/book/step-00000002_metric-1.safetensors"]);
    await expect(checkpointStore(root, { fs: failing("EMFILE") }).latest(strict)).rejects.toThrow(/EMFILE/);
  });

  test("a checkpoint that is removed while it is looked at is no damage", async () => {
    const disk = await diskWith([1, 2], { keepLast: 3, keepBest: 1 });
    let isFirst = true;
    const readFile = (path: string): Uint8Array => {
      if (isFirst) {
        isFirst = false;
        disk.put("/runs/book/step-00000003.safetensors", encoded.get(3) as Uint8Array);
        disk.unlink(path);
      }
      return disk.readFile(path);
    };
    const fs = disk.with({ readFile });
    expect((await checkpointStore(root, { fs }).latest(strict))?.step).toBe(3);
  });
});

describe("in a directory", () => {
  let parent: string;
  beforeAll(() => {
    parent = mkdtempSync(join(tmpdir(), "unrolled-checkpoints-"));
  });
  afterAll(() => rmSync(parent, { recursive: true }));
  let count = 0;
  const newDirectory = (): string => join(parent, "run", String(count++));
  const namesIn = (directory: string): string[] => readdirSync(directory).toSorted();

  function flip(file: string, offset: number): void {
    const bytes = readFileSync(file);
    bytes[offset < 0 ? bytes.length + offset : offset] ^= 1;
    writeFileSync(file, bytes);
  }

  test("nothing is there before the first save, and loading makes no directory", async () => {
    const store = checkpointStore(join(parent, "none"));
    expect(await store.list()).toEqual([]);
    expect(await store.latest(strict)).toBeUndefined();
    expect(await store.best(strict)).toBeUndefined();
    expect(readdirSync(parent)).not.toContain("none");
  });

  test("snapshots and bytes are saved and come back", async () => {
    const store = checkpointStore(newDirectory());
    const saved = await store.save({ step: 10, metric: 1.3862943611198906, snapshot: snapshot(10) });
    expect(saved).toEqual({
      step: 10,
      metric: 1.3862943611198906,
      file: join(store.directory, "step-00000010_metric-1.3862943611198906.safetensors"),
      problems: [],
    });
    await store.save({ step: 123_456_789, bytes: await encodeCheckpoint(snapshot(7)) });
    expect(namesIn(store.directory)).toEqual([
      "step-00000010_metric-1.3862943611198906.safetensors",
      "step-123456789.safetensors",
    ]);
    expect(await store.latest(strict)).toMatchObject({
      step: 123_456_789,
      metric: undefined,
      version: 1,
      state: { step: 7 },
    });
    expect((await store.best(strict))?.arrays["w"].data[49]).toBe(10);
  });

  test("the newest and the best are kept, after a restart too", async () => {
    const directory = newDirectory();
    const metrics = [3, 1e-7, 2, NaN, Infinity, 7, -0, 8, 9, 10];
    for (const [step, metric] of metrics.entries()) {
      await checkpointStore(directory, { keepLast: 2, keepBest: 1 }).save({ step, metric, snapshot: snapshot(step) });
      const store = checkpointStore(directory);
      expect((await store.best(strict))?.step).toBe([0, 1, 1, 1, 1, 1, 6, 6, 6, 6][step]);
      expect((await store.latest(strict))?.step).toBe(step);
    }
    expect(stepsOf(await checkpointStore(directory).list())).toEqual([6, 8, 9]);
  });

  test("NaN is the worst, none is never the best, the earliest of equals wins", async () => {
    const store = checkpointStore(newDirectory(), { keepLast: 9 });
    const bests: (number | undefined)[] = [];
    for (const [step, metric] of [undefined, NaN, Infinity, 5, 5, NaN, 6, -1e300, -Infinity].entries()) {
      await store.save({ step, metric, snapshot: snapshot(step) });
      bests.push((await store.best(strict))?.step);
    }
    expect(bests).toEqual([undefined, 1, 2, 3, 3, 3, 3, 7, 8]);
  });

  test("two best are kept besides the newest", async () => {
    const store = checkpointStore(newDirectory(), { keepLast: 1, keepBest: 2 });
    for (const [step, metric] of [4, 1, 3, 2, 5, NaN].entries())
      await store.save({ step, metric, snapshot: snapshot(step) });
    expect(stepsOf(await store.list())).toEqual([1, 3, 5]);
  });

  test("a save of the same step replaces the other, whatever its name", async () => {
    const store = checkpointStore(newDirectory());
    await store.save({ step: 5, snapshot: snapshot(1) });
    await store.save({ step: 5, metric: 2, snapshot: snapshot(2) });
    await store.save({ step: 5, metric: 2, snapshot: snapshot(3) });
    expect(namesIn(store.directory)).toEqual(["step-00000005_metric-2.safetensors"]);
    expect((await store.latest(strict))?.state).toMatchObject({ step: 3 });
  });

  test("saves at once run one after the other", async () => {
    const store = checkpointStore(newDirectory(), { keepLast: 2, keepBest: 0 });
    await Promise.all([1, 2, 3, 4, 5].map((step) => store.save({ step, snapshot: snapshot(step) })));
    expect(stepsOf(await store.list())).toEqual([4, 5]);
  });

  test("a save that fails does not stop the next", async () => {
    const store = checkpointStore(newDirectory());
    const failing = store.save({ step: 1, snapshot: { state: NaN, arrays: {} } });
    const next = store.save({ step: 2, snapshot: snapshot(2) });
    await expect(failing).rejects.toThrow(/finite number/);
    expect((await next).step).toBe(2);
  });

  test("damaged ones are named and passed over; the one before is loaded", async () => {
    const store = checkpointStore(newDirectory());
    for (const step of [1, 2, 3]) await store.save({ step, metric: -step, snapshot: snapshot(step) });
    const [first, second, third] = (await store.list()).map(({ file }) => file);
    flip(third, -1);
    writeFileSync(second, readFileSync(second).subarray(0, 100));
    const seen: DamagedError[] = [];
    const found = await store.latest({ onDamaged: (error) => seen.push(error) });
    expect(found?.step).toBe(1);
    expect(seen.map(({ file, array, code }) => [file, array, code])).toEqual([
      [third, "w", "ERR_DAMAGED"],
      [second, undefined, "ERR_DAMAGED"],
    ]);
    expect(seen[0].message).toContain(third);
    expect((await store.best({ onDamaged: () => {} }))?.step).toBe(1);

    flip(first, 200);
    const all = store.latest({ onDamaged: () => {} });
    await expect(all).rejects.toBeInstanceOf(DamagedError);
    await expect(all).rejects.toThrow(/expected a whole checkpoint in .*, got 3 that are damaged/);
  });

  test("nobody is told: a warning", async () => {
    const store = checkpointStore(newDirectory());
    for (const step of [1, 2]) await store.save({ step, snapshot: snapshot(step) });
    flip((await store.list())[1].file, -1);
    const warned = new Promise<Error>((resolve) => process.once("warning", resolve));
    expect((await store.latest())?.step).toBe(1);
    expect((await warned).message).toContain("step-00000002");
  });

  test("damaged ones don't count as kept, and go when the run has passed them", async () => {
    const store = checkpointStore(newDirectory(), { keepLast: 2, keepBest: 1 });
    for (const step of [10, 20, 30]) await store.save({ step, metric: 50 - step, snapshot: snapshot(step) });
    flip((await store.list()).at(-1)?.file as string, -1);
    expect((await store.latest({ onDamaged: () => {} }))?.step).toBe(20);
    await store.save({ step: 25, metric: 26, snapshot: snapshot(25) });
    expect(stepsOf(await store.list())).toEqual([20, 25, 30]);
    await store.save({ step: 30, metric: 20, snapshot: snapshot(30) });
    expect((await store.latest(strict))?.step).toBe(30);
    expect(stepsOf(await store.list())).toEqual([25, 30]);
  });

  test("a newer version is an error, not damage: going on from an older one would replace it", async () => {
    const store = checkpointStore(newDirectory());
    for (const step of [1, 2]) await store.save({ step, snapshot: snapshot(step) });
    const { file } = (await store.list())[1];
    const { arrays, metadata } = decodeSafetensors(readFileSync(file));
    const zeros = "0".repeat(64);
    const newer = encodeSafetensors(arrays, { ...metadata, "unrolled.checkpoint": "2", "unrolled.digest": zeros });
    const head = newer.subarray(0, 8 + new DataView(newer.buffer).getUint32(0, true));
    const digest = await sha256(head);
    newer.set(Buffer.from(digest), Buffer.from(head).indexOf(zeros));
    writeFileSync(file, newer);
    await expect(store.latest(strict)).rejects.toBeInstanceOf(UnsupportedError);
  });

  test("leftovers of a crash go before the first save; other files stay", async () => {
    const store = checkpointStore(newDirectory());
    await store.save({ step: 1, snapshot: snapshot(1) });
    const others = [
      "notes.txt",
      ".hidden.tmp",
      "step-1.safetensors",
      "step-00000009_metric-x.safetensors",
      "step-00000009.txt",
    ];
    const leftovers = [".step-00000002.safetensors.123.0123abcd.tmp", ".model.safetensors.1.ffffffff.tmp"];
    for (const name of [...others, ...leftovers]) writeFileSync(join(store.directory, name), "x");
    const next = checkpointStore(store.directory);
    expect((await next.latest(strict))?.step).toBe(1);
    expect(namesIn(store.directory)).toContain(leftovers[0]); // reading changes nothing: another process may be saving
    await next.save({ step: 2, snapshot: snapshot(2) });
    expect(namesIn(store.directory)).toEqual(
      [...others, "step-00000001.safetensors", "step-00000002.safetensors"].toSorted(),
    );
  });

  test.each<[string, () => unknown, RegExp]>([
    ["no newest", () => checkpointStore("x", { keepLast: 0 }), /keepLast: expected an integer >= 1/],
    ["half a best", () => checkpointStore("x", { keepBest: 0.5 }), /keepBest: expected an integer >= 0/],
    ["half a step", () => checkpointStore("x").save({ step: 0.5, snapshot: snapshot(0) }), /step: expected an integer/],
    [
      "a metric that is text",
      () => checkpointStore("x").save({ step: 1, metric: "1" as unknown as number, snapshot: snapshot(0) }),
      /metric: expected a number/,
    ],
  ])("refuses %s", async (_, make, message) => {
    await expect(async () => make()).rejects.toThrow(message);
  });

  const kills = process.env["UNROLLED_VERIFY"] === "full" ? 200 : 4;
  test(`a process that saves is killed ${kills} times: what it said was saved is there, whole`, async () => {
    const directory = newDirectory();
    const random = randomStream(1);
    const saver = fileURLToPath(new URL("../../../test/helpers/endless-saver.ts", import.meta.url));
    let leftovers = 0;
    let newest = 0;
    for (let kill = 0; kill < kills; kill++) {
      const child = spawn(process.execPath, [saver, directory]);
      const ended = once(child, "close");
      let output = "";
      let errors = "";
      child.stderr.on("data", (text) => (errors += String(text)));
      child.stdout.once("data", () => setTimeout(() => child.kill("SIGKILL"), 60 * random.uniform()));
      child.stdout.on("data", (text) => (output += String(text)));
      await ended;
      expect(errors).toBe("");
      const said = Number(output.trim().split("\n").at(-1));
      expect(said).toBeGreaterThan(newest);
      const store = checkpointStore(directory);
      const found = await store.latest(strict);
      newest = found?.step as number;
      expect(newest).toBeGreaterThanOrEqual(said);
      expect(newest).toBeLessThanOrEqual(said + 1);
      expect(new Set(found?.arrays["data"].data)).toEqual(new Set([newest]));
      if (newest >= 10) expect((await store.best(strict))?.metric).toBe(0);
      leftovers += namesIn(directory).filter(isTemporary).length;
      expect(namesIn(directory).filter(isTemporary).length).toBeLessThanOrEqual(1);
    }
    console.log(`${newest} checkpoints, killed ${kills} times, ${leftovers} of them while one was being written`);
  });

  const { threadCpuUsage } = process as { threadCpuUsage?: () => { user: number; system: number } };
  // computing time, not time: other programs may run at the same time. Node 24 and newer tell it
  test.skipIf(threadCpuUsage === undefined)("100 MB never hold the event loop for more than 50 ms", async () => {
    const cpu = (): number => {
      const { user, system } = (threadCpuUsage as NonNullable<typeof threadCpuUsage>)();
      return (user + system) / 1000;
    };
    const store = checkpointStore(newDirectory());
    const part = (length: number) =>
      ({ dtype: "float32", shape: [length], data: new Float32Array(length).fill(0.5) }) as const;
    const many = Object.fromEntries([...Array(1000).keys()].map((i) => [i, part(10_000)]));
    const arrays = { large: part(15_000_000), ...many };
    let longest = 0;
    let last = cpu();
    let isSaving = true;
    const watch = (): void => {
      const now = cpu();
      longest = Math.max(longest, now - last);
      last = now;
      if (isSaving) setImmediate(watch);
    };
    setImmediate(watch);
    const start = performance.now();
    const { file } = await store.save({
      step: 1,
      snapshot: { state: { step: 1 }, arrays },
    });
    const seconds = (performance.now() - start) / 1000;
    isSaving = false;
    await new Promise((resolve) => setImmediate(resolve));
    console.log(`saved ${statSync(file).size} bytes in ${seconds.toFixed(2)} s; longest turn ${longest.toFixed(1)} ms`);
    expect(statSync(file).size).toBeGreaterThan(1e8);
    expect(longest).toBeLessThan(50);
  });
});
