// Prints the threads that ran and the SHA-256 of matrix products of many shapes and of their gradients. Uses the built package.
import { matmul, mul, randomStream, scope, sum, tensor, valueAndGrad } from "unrolled";
import { sha256 } from "./sha256.mjs";
import { threadsRunning } from "./threads-running.mjs";

const threads = await threadsRunning();
const random = randomStream(3);
const numbers = (shape) => {
  const length = shape.reduce((product, size) => product * size, 1);
  return tensor(
    Float32Array.from({ length }, () => random.normal()),
    { shape },
  );
};
const results = [];
/** All four ways to lay out a [.., m, k] · b [.., k, n], with gradients of both. */
function add(lead, m, k, n) {
  for (const transposeA of [false, true]) {
    for (const transposeB of [false, true]) {
      scope(() => {
        const a = numbers([...lead, ...(transposeA ? [k, m] : [m, k])]);
        const b = numbers([...lead, ...(transposeB ? [n, k] : [k, n])]);
        const weights = numbers([...lead, m, n]);
        const product = () => sum(mul(matmul(a, b, { transposeA, transposeB }), weights));
        const { value, gradients } = valueAndGrad(product, { a, b });
        const all = [value, gradients.a, gradients.b, matmul(a, b, { transposeA, transposeB })];
        results.push(...all.map((x) => new Uint8Array(x.values().slice().buffer)));
      });
    }
  }
}
const heights = [1, 2, 3, 4, 5, 6, 7, 8, 11, 13, 16, 19];
const widths = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 17, 24, 31, 33, 40];
for (const m of heights) for (const n of widths) add([], m, 1 + ((m * 7 + n * 3) % 11), n);
// sums that are cut into blocks
for (const k of [255, 256, 257, 511, 600]) for (const m of [1, 5, 13, 193]) add([], m, k, 21);
// many small products: one row, few rows, sums of one number
for (const batches of [2, 5])
  for (const m of [1, 2, 3, 7])
    for (const k of [1, 2, 4, 5, 11]) for (const n of [1, 3, 4, 7, 8, 9, 16, 17, 33]) add([batches], m, k, n);
// enough of them for threads
add([64], 1, 128, 23);
add([64], 23, 1, 128);
add([64], 1, 23, 128);
console.log(threads, await sha256(results));
