/** @file A process that saves checkpoints into a directory until it is killed, going on from the newest; prints each step that is on the disk. Uses the built platform. */
import { writeSync } from "node:fs";
import { checkpointStore } from "../../src/node/run/checkpoint-store.ts";
import { lockRun } from "../../src/node/run/run-lock.ts";

const [directory] = process.argv.slice(2);
lockRun(directory);
const store = checkpointStore(directory, { keepLast: 1, keepBest: 1 });
const start = await store.latest();
for (let step = (start?.step ?? 0) + 1; ; step++) {
  const data = new Float32Array(300_000).fill(step);
  await store.save({
    step,
    metric: Math.abs((step % 20) - 10),
    snapshot: { state: { step }, arrays: { data: { dtype: "float32", shape: [data.length], data } } },
  });
  // not console.log, which may come after the next save
  writeSync(1, `${step}\n`);
}
