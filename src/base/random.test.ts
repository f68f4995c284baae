import { describe, expect, test } from "vitest";
import { philox4x32, randomStream, RandomStream } from "./index.ts";

const hex = (words: Uint32Array): string => Array.from(words, (word) => word.toString(16).padStart(8, "0")).join(" ");

describe("philox4x32", () => {
  // Random123 1.14, tests/kat_vectors
  test.each([
    ["zeros", [0, 0, 0, 0], [0, 0], "6627e8d5 e169c58d bc57ac4c 9b00dbd8"],
    [
      "ones",
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      "408f276d 41c83b0e a20bc7c6 6d5451fd",
    ],
    [
      "digits of pi",
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      "d16cfe09 94fdcceb 5001e420 24126ea1",
    ],
  ])("%s", (_, counter, key, expected) => {
    const out = new Uint32Array(4);
    philox4x32(counter, key, out);
    expect(hex(out)).toBe(expected);
  });
});

describe("streams", () => {
  test("the root stream is Philox in counter mode with the seed as key", () => {
    const stream = randomStream(0);
    expect(hex(Uint32Array.from({ length: 4 }, () => stream.nextUint32()))).toBe("6627e8d5 e169c58d bc57ac4c 9b00dbd8");
    const out = new Uint32Array(4);
    philox4x32([1, 0, 0, 0], [0, 0], out);
    expect(stream.nextUint32()).toBe(out[0]);
    const large = randomStream(5 * 2 ** 32 + 7);
    philox4x32([0, 0, 0, 0], [7, 5], out);
    expect(large.nextUint32()).toBe(out[0]);
  });

  // frozen: models trained with a seed are retrained to the same weights by every later version
  test("the first values of each draw", () => {
    const root = randomStream(42);
    const dropout = root.named("dropout").at(3);
    expect(hex(Uint32Array.from({ length: 4 }, () => dropout.nextUint32()))).toBe(
      "9d1cc11c 800ecdb7 74c694b8 6f7532e9",
    );
    const values = root.named("values");
    const draws = [values.uniform(), values.normal(), values.truncatedNormal(), values.integer(1000)];
    expect(draws).toEqual([0.6706835627555847, 0.10655936117028118, 1.0043850658056572, 570]);
    expect(Array.from(root.named("order").permutation(8))).toEqual([5, 6, 3, 1, 7, 2, 4, 0]);
  });

  test("a derived stream does not depend on what was drawn before", () => {
    const untouched = randomStream(9).named("a").at(2).nextUint32();
    const root = randomStream(9);
    for (let i = 0; i < 1000; i++) root.nextUint32();
    const a = root.named("a");
    a.normal();
    root.named("b").uniform();
    expect(a.at(2).nextUint32()).toBe(untouched);
    expect(a.state().position).toBeGreaterThan(0);
  });

  test("seeds, names, indices and nesting all give different streams", () => {
    const first = new Map<number, string>();
    const add = (label: string, stream: RandomStream): void => {
      const word = stream.nextUint32();
      expect(first.get(word)).toBeUndefined();
      first.set(word, label);
    };
    for (let seed = 0; seed < 50; seed++) add(`seed ${seed}`, randomStream(seed));
    add("seed 2^32", randomStream(2 ** 32));
    const root = randomStream(1000);
    for (const name of ["", "a", "b", "ab", "ba", "a/b", "layer0/kernel", "layer1/kernel", "ä", "日本"])
      add(name, root.named(name));
    for (let n = 0; n < 200; n++) add(`at ${n}`, root.at(n));
    add("at 2^32", root.at(2 ** 32));
    add("at 2^32+1", root.at(2 ** 32 + 1));
    add("a then b", root.named("a").named("b"));
    add("b then a", root.named("b").named("a"));
    add("a then 0", root.named("a").at(0));
  });

  test("a stream continues from its stored state", () => {
    const stream = randomStream(3).named("resume");
    for (let i = 0; i < 7; i++) stream.nextUint32();
    const stored = JSON.parse(JSON.stringify(stream.state())) as ReturnType<RandomStream["state"]>;
    const rest = Array.from({ length: 9 }, () => stream.nextUint32());
    const again = new RandomStream(stored);
    expect(Array.from({ length: 9 }, () => again.nextUint32())).toEqual(rest);
  });

  test("the counter carries into its second word", () => {
    const position = 4 * 2 ** 32;
    const stream = new RandomStream({ key: [1, 2], position });
    const out = new Uint32Array(4);
    philox4x32([0, 1, 0, 0], [1, 2], out);
    expect(stream.nextUint32()).toBe(out[0]);
  });

  test("refuses what is not a seed or an index", () => {
    expect(() => randomStream("1" as unknown as number)).toThrow(TypeError);
    expect(() => randomStream(-1)).toThrow(RangeError);
    expect(() => randomStream(0.5)).toThrow(RangeError);
    expect(() => randomStream(0).at(-1)).toThrow("randomStream.at: expected an integer >= 0, got -1");
    expect(() => new RandomStream({ key: [0, 0], position: 1.5 })).toThrow(RangeError);
  });
});

describe("distributions", () => {
  const stream = randomStream(17);

  test("uniform: 24 bits in [0, 1), every part of it", () => {
    const random = stream.named("uniform");
    const buckets = new Array<number>(16).fill(0);
    let total = 0;
    for (let i = 0; i < 64_000; i++) {
      const x = random.uniform();
      expect(x >= 0 && x < 1 && Math.fround(x) === x && Number.isInteger(x * 2 ** 24)).toBe(true);
      buckets[Math.floor(x * 16)]++;
      total += x;
    }
    // mean 0.5 and 4000 each, within four standard deviations
    expect(Math.abs(total / 64_000 - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / 64_000));
    for (const count of buckets) expect(Math.abs(count - 4000)).toBeLessThan(4 * Math.sqrt(4000 * (15 / 16)));
  });

  test("integer: in range and unbiased", () => {
    const random = stream.named("integer");
    for (const bound of [1, 2, 3, 7, 10]) {
      const counts = new Array<number>(bound).fill(0);
      for (let i = 0; i < 20_000; i++) counts[random.integer(bound)]++;
      const mean = 20_000 / bound;
      for (const count of counts)
        expect(Math.abs(count - mean)).toBeLessThanOrEqual(4 * Math.sqrt(mean * (1 - 1 / bound)));
    }
  });

  test("integer rejects the words that would bias it", () => {
    // with 3 * 2^30 the upper quarter of all words must be redrawn: a plain remainder would put
    // half of all results in the lower third
    const random = stream.named("rejection");
    const bound = 3 * 2 ** 30;
    let low = 0;
    for (let i = 0; i < 10_000; i++) if (random.integer(bound) < bound / 3) low++;
    expect(Math.abs(low - 10_000 / 3)).toBeLessThan(4 * Math.sqrt((10_000 * 2) / 9));
  });

  test("integer: bounds", () => {
    expect(stream.integer(1)).toBe(0);
    const copy = new RandomStream(stream.state());
    expect(stream.integer(2 ** 32)).toBe(copy.nextUint32());
    expect(() => stream.integer(0)).toThrow(RangeError);
    expect(() => stream.integer(2 ** 32 + 1)).toThrow(RangeError);
    expect(() => stream.integer(1.5)).toThrow(RangeError);
  });

  test("normal: the first four moments", () => {
    const random = stream.named("normal");
    const n = 100_000;
    const moments = [0, 0, 0, 0];
    for (let i = 0; i < n; i++) {
      const x = random.normal();
      for (let m = 0, power = x; m < 4; m++, power *= x) moments[m] += power / n;
    }
    // variances of x, x^2, x^3, x^4 are 1, 2, 15, 96
    const deviations = [1, 2, 15, 96].map((variance) => 4 * Math.sqrt(variance / n));
    [0, 1, 0, 3].forEach((expected, m) => expect(Math.abs(moments[m] - expected)).toBeLessThan(deviations[m]));
  });

  test("truncated normal: within two deviations, with the smaller variance", () => {
    const random = stream.named("truncated");
    const n = 50_000;
    let mean = 0;
    let square = 0;
    for (let i = 0; i < n; i++) {
      const x = random.truncatedNormal();
      expect(Math.abs(x)).toBeLessThanOrEqual(2);
      mean += x / n;
      square += (x * x) / n;
    }
    expect(Math.abs(mean)).toBeLessThan(4 * Math.sqrt(0.7737 / n));
    expect(Math.abs(square - 0.7737)).toBeLessThan(0.02);
  });

  test("a permutation is a permutation, and every order is as likely", () => {
    for (const n of [0, 1, 2, 5, 1000]) {
      const order = stream.named("permutation").at(n).permutation(n);
      expect(Array.from(order).sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
    }
    const counts = new Map<string, number>();
    const random = stream.named("orders");
    for (let i = 0; i < 12_000; i++) {
      const order = random.permutation(3).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 2000)).toBeLessThan(4 * Math.sqrt(2000 * (5 / 6)));
    expect(() => stream.permutation(-1)).toThrow(RangeError);
  });
});
