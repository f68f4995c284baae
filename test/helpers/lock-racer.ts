/**
 * @file A process that takes locks: `lock-racer.ts BEGIN INTERVAL DIRECTORY…` tries each directory at its time (milliseconds since 1970, then an interval
 * apart), prints what came of it as JSON, and holds what it has until its input ends. Uses the built platform.
 */
import { lockRun } from "../../src/node/run/run-lock.ts";

const [begin, interval, ...directories] = process.argv.slice(2);
const results: string[] = [];
for (const [i, directory] of directories.entries()) {
  await new Promise((resolve) => setTimeout(resolve, Number(begin) + i * Number(interval) - Date.now()));
  try {
    lockRun(directory);
    results.push("won");
  } catch (error) {
    results.push(String(error));
  }
}
console.log(JSON.stringify(results));
process.stdin.resume();
