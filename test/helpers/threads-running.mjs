// Resolves to the number of threads when all of them take part. They start with the first large product. Uses the built package.
import { setTimeout as sleep } from "node:timers/promises";
import { engineReport, matmul, ones, scope } from "unrolled";

export async function threadsRunning() {
  const large = ones([200, 200]);
  const end = Date.now() + 20_000;
  while (engineReport().running < engineReport().threads && Date.now() < end) {
    scope(() => void matmul(large, large));
    await sleep(2);
  }
  return engineReport().running;
}
