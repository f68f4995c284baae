/** kill -9 at random moments of training, and going on: nothing is torn, and nothing is different from a run that was left alone. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { MAIN } from "../helpers/cli.ts";
import { randomStream } from "../../src/base/index.ts";
import { checkpointStore, readMetrics } from "unrolled/node";

const KILLS = process.env["UNROLLED_VERIFY"] === "full" ? 200 : 6;
const folder = mkdtempSync(join(tmpdir(), "unrolled-crash-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const text = join(folder, "text.txt");
writeFileSync(text, Array.from({ length: 6000 }, (_, i) => "abcdefghij \n"[(i * i + 7 * i) % 12]).join(""));
const options = [
  ..."--hidden-size 16 --embedding-size 8 --sequence-length 20 --batch-size 4 --dropout 0.1 --layers 2".split(" "),
  ..."--steps 700 --evaluate-every 60 --checkpoint-every 7 --quiet".split(" "),
];

/** What a run leaves, without what a clock has a say in. */
function remains(directory: string): object {
  const metrics = readMetrics(join(directory, "metrics.jsonl")).map(
    ({ seconds: _seconds, tokensPerSecond: _speed, ...event }) => event,
  );
  const bytes = (name: string): string => readFileSync(join(directory, name)).toString("base64");
  return { metrics, model: bytes("model.safetensors"), best: bytes("best.safetensors") };
}

/** Runs until it ends, or is killed after some milliseconds; whether it was killed. */
function runFor(args: readonly string[], milliseconds: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, "train", ...args], { stdio: ["ignore", "ignore", "pipe"] });
    let errors = "";
    child.stderr.on("data", (data: Buffer) => (errors += data.toString()));
    const timer = setTimeout(() => child.kill("SIGKILL"), milliseconds);
    child.on("exit", (code, signal) => {
      clearTimeout(timer);
      if (signal === "SIGKILL") resolve(true);
      else if (code === 0) resolve(false);
      else reject(new Error(errors));
    });
  });
}

test(`${KILLS} times kill -9, and the run is the one that was left alone`, { timeout: 1_200_000 }, async () => {
  const alone = join(folder, "alone");
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [MAIN, "train", text, ...options, "--out", alone]);
  expect(stderr.toString()).toBe("");
  expect(status).toBe(0);
  const takes = performance.now() - start;
  const expected = remains(alone);
  const random = randomStream(1);
  let kills = 0;
  for (let run = 0; kills < KILLS; run++) {
    const directory = join(folder, `run-${run}`);
    let isKilled = true;
    for (let part = 0; isKilled; part++) {
      const isBegun = readdirSync(folder).includes(`run-${run}`) && readdirSync(directory).includes("config.json");
      const args = isBegun ? ["--resume", directory, "--quiet"] : [text, ...options, "--out", directory, "--overwrite"];
      // after the last kill that is wanted, to the end
      isKilled = await runFor(args, kills < KILLS ? takes * (0.05 + 0.5 * random.uniform()) : 1e9);
      if (!isKilled) break;
      kills++;
      const stored = await checkpointStore(join(directory, "checkpoints")).list();
      if (stored.length > 0) {
        const torn: unknown[] = [];
        await checkpointStore(join(directory, "checkpoints")).latest({ onDamaged: (error) => torn.push(error) });
        expect(torn).toEqual([]);
      }
    }
    expect(remains(directory), `run ${run}, after ${kills} kills`).toEqual(expected);
  }
  console.log(`crash: ${kills} kills, every run as the one that was left alone (${(takes / 1000).toFixed(1)} s)`);
});
