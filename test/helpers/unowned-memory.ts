/**
 * @file A loop without scopes, in a process of its own: `KIND ROUNDS ELEMENTS`. One line of JSON at the end. KIND is what each round awaits: a turn of the
 * event loop ("immediate", "timeout"), values of a tensor ("data"), nothing ("none") or a settled promise ("settled").
 */
import { setImmediate, setTimeout } from "node:timers/promises";
import { allocate } from "../../src/tensor/tensor.ts";
import { add, mean, memory, mul, ones } from "../../src/tensor/index.ts";

const [kind, rounds, elements] = process.argv.slice(2);
const x = ones([Number(elements)]);
let total = 0;
let peak = 0;
let error = "";
const start = performance.now();
try {
  for (let i = 0; i < Number(rounds); i++) {
    // memory that is not written takes no pages
    if (kind === "none" || kind === "settled") allocate("float32", [Number(elements)]);
    else {
      const value = mean(add(mul(x, 2), i));
      total += kind === "data" ? (await value.data())[0] : value.item();
    }
    peak = Math.max(peak, memory().liveBytes);
    if (kind === "immediate") await setImmediate();
    if (kind === "timeout") await setTimeout(0);
    if (kind === "settled") await Promise.resolve();
  }
} catch (thrown) {
  error = (thrown as Error).message;
}
const { maxRSS } = process.resourceUsage();
console.log(JSON.stringify({ total, peak, rss: maxRSS * 1024, error, seconds: (performance.now() - start) / 1000 }));
