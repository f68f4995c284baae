/**
 * @file Convolution and pooling on every engine, with gradients, in float32: with portable numerics the reference's bits, with fused ones the same on one
 * and two threads.
 */
import { afterAll, describe, expect, test } from "vitest";
import { type RandomStream, randomStream, type Shape } from "../../src/base/index.ts";
import { withEngine } from "../../src/engine/index.ts";
import type { Engine, NumericsClass } from "../../src/engine/engine.ts";
import { referenceEngine } from "../../src/engine/reference/index.ts";
import {
  averagePool,
  convolution,
  matmul,
  maxPool,
  mul,
  randomTensor,
  scope,
  sum,
  tanh,
  transposedConvolution,
  valueAndGrad,
  zeros,
} from "../../src/tensor/index.ts";
import { classes, engineOf, tiles, untilRunning, watchWorkers } from "./engines.ts";

const CASES = 60;

/** A network with one op of each kind, of random sizes, and its gradients: all numbers. */
function numbersOf(number: number): number[] {
  const random = randomStream(4).at(number);
  const among = (low: number, high: number): number => low + Math.floor(random.uniform() * (high - low + 1));
  const axes = among(1, 2);
  const each = (low: number, high: number): number[] => Array.from({ length: axes }, () => among(low, high));
  const groups = among(1, 2);
  // some are large enough for several threads
  const [n, c, o] = [among(1, 5), groups * among(1, 4), groups * (number % 6 === 0 ? 64 : among(1, 5))];
  const taps = each(1, 4);
  const normal = (shape: Shape, stream: RandomStream) =>
    randomTensor(shape, stream, { kind: "normal", mean: 0, deviation: 1 });
  const parameters = {
    x: normal([n, c, ...each(7, axes === 1 ? 60 : 20)], random.named("x")),
    kernel: normal([o, c / groups, ...taps], random.named("kernel")),
    bias: normal([o], random.named("bias")),
    back: normal([o, among(1, 3), ...each(1, 3)], random.named("back")),
  };
  const padding = taps.map((): [number, number] => [among(0, 2), among(0, 2)]);
  const steps = { strides: each(1, 2), dilations: each(1, 2), padding, groups };
  const size = each(2, 3);
  const { value, gradients } = valueAndGrad(({ x, kernel, bias, back }) => {
    const y = tanh(convolution(x, kernel, { ...steps, bias }));
    const small = mul(
      maxPool(
        y,
        size.map(() => 1),
        { strides: size },
      ),
      averagePool(
        y,
        size.map(() => 1),
        { strides: size },
      ),
    );
    const z = transposedConvolution(
      averagePool(
        small,
        size.map(() => 1),
      ),
      back,
      { strides: size, groups: 1 },
    );
    return sum(mul(z, z));
  }, parameters);
  return [value, ...Object.values(gradients)].flatMap((x) => Array.from(x.values()));
}

const large = (): unknown => scope(() => matmul(zeros([128, 128]), zeros([128, 128])));

const all = (engine: Engine): number[][] =>
  withEngine(engine, () => Array.from({ length: CASES }, (_, i) => scope(() => numbersOf(i))));

describe("bits", () => {
  const watch = watchWorkers();
  afterAll(() => watch.end());
  const on = async (numerics: NumericsClass, threads: number): Promise<number[][]> => {
    const engine = engineOf({ numerics, tiles: [tiles[3]], revectorize: true, threads });
    if (threads > 1) await untilRunning(engine, () => void withEngine(engine, large));
    return all(engine);
  };

  test.each(classes)("%s numerics on one and two threads", async (numerics) => {
    const one = await on(numerics, 1);
    expect(one.flat().every((value) => Number.isFinite(value))).toBe(true);
    expect(await on(numerics, 2)).toEqual(one);
    if (numerics === "portable") expect(all(referenceEngine())).toEqual(one);
  });
});
