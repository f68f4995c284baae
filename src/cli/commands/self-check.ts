/** @file Whether the engine computes what it should on this machine, for `unrolled doctor`. */
import {
  languageModel,
  matmul,
  mean,
  randomStream,
  scope,
  sparseSoftmaxCrossEntropy,
  tensor,
  useThreads,
  valueAndGrad,
} from "unrolled";
import { rest } from "../terminal/interruptible.ts";
import { haveStarted } from "./speed.ts";

export type Check = { readonly what: string; readonly ok: boolean };

/** No multiple of anything, so that the edges of tiles and panels are computed too. */
const [M, K, N] = [97, 513, 259];

/**
 * Checks one thread and, if that is more, `threads`, which should have started: see `measureSpeed`.
 * Leaves the engine at `threads`.
 */
export async function selfCheck(threads: number): Promise<Check[]> {
  const counts = threads > 1 ? [1, threads] : [1];
  const results: { started: boolean; exact: boolean; gradients: Float32Array }[] = [];
  for (const count of counts) {
    useThreads(count);
    results.push({ started: haveStarted(count), exact: productIsExact(), gradients: gradientsOfModel() });
    await rest();
  }
  const checks = [{ what: "a matrix product of integers is exact", ok: results.every(({ exact }) => exact) }];
  if (threads === 1) return checks;
  const [alone, together] = results.map(({ gradients }) => Buffer.from(gradients.buffer));
  return [
    { what: `all ${threads} threads have started`, ok: results.every(({ started }) => started) },
    ...checks,
    { what: `1 and ${threads} threads give the same gradients, bit for bit`, ok: alone.equals(together) },
  ];
}

/** [M, K]·[K, N] of integers up to ±8: all sums are integers that float32 has. */
function productIsExact(): boolean {
  const random = randomStream(0).named("check");
  const integers = (length: number): Float32Array =>
    Float32Array.from({ length }, () => Math.floor(random.uniform() * 17) - 8);
  const [a, b] = [integers(M * K), integers(K * N)];
  const got = scope(() => matmul(tensor(a, { shape: [M, K] }), tensor(b, { shape: [K, N] })).values());
  const expected = new Float64Array(M * N);
  for (let i = 0; i < M; i++) {
    for (let p = 0; p < K; p++) {
      for (let j = 0; j < N; j++) expected[i * N + j] += a[i * K + p] * b[p * N + j];
    }
  }
  return expected.every((value, i) => value === got[i]);
}

/** All gradients of a small language model for one batch, one after another. */
function gradientsOfModel(): Float32Array {
  const model = languageModel({ corpus: "abcdefghijklmnop", hiddenSize: 96, layers: 2 });
  const [steps, batch] = [12, 24];
  const random = randomStream(0).named("tokens");
  const ids = Int32Array.from({ length: steps * batch }, () => Math.floor(random.uniform() * model.vocabulary.size));
  return scope(() => {
    const inputs = tensor(ids, { shape: [steps, batch] });
    const { gradients } = valueAndGrad(() => {
      const { logits } = model.forward(inputs, model.initialState(batch));
      return mean(sparseSoftmaxCrossEntropy(logits, tensor(ids.toReversed())));
    }, model.parameters());
    return Float32Array.from(Object.values(gradients).flatMap((gradient) => [...gradient.values()]));
  });
}
