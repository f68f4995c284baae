/** @file SHA-256 (FIPS 180-4) for hosts without it: pages not served over https, worklets. */

/** First 32 fractional bits of the `power`-th root of `n`. */
function fraction(n: number, power: number): number {
  const radicand = BigInt(n) << BigInt(32 * power);
  let root = 1n << 40n;
  for (;;) {
    const rest = radicand / root ** BigInt(power - 1);
    const next = (root * BigInt(power - 1) + rest) / BigInt(power);
    if (next >= root) return Number(BigInt.asUintN(32, root));
    root = next;
  }
}

function primes(count: number): number[] {
  const list: number[] = [];
  for (let n = 2; list.length < count; n++) if (list.every((prime) => n % prime !== 0)) list.push(n);
  return list;
}

const rotated = (x: number, by: number): number => (x >>> by) | (x << (32 - by));

let constants: Int32Array | undefined;

/** An incremental SHA-256. */
export class Sha256 {
  readonly #state: Int32Array = Int32Array.from(primes(8), (prime) => fraction(prime, 2));
  readonly #constants: Int32Array = (constants ??= Int32Array.from(primes(64), (prime) => fraction(prime, 3)));
  readonly #words = new Int32Array(64);
  readonly #block = new Uint8Array(64);
  #filled = 0;
  #length = 0;

  update(bytes: Uint8Array): void {
    this.#length += bytes.length;
    for (let at = 0; at < bytes.length;) {
      const count = Math.min(64 - this.#filled, bytes.length - at);
      this.#block.set(bytes.subarray(at, at + count), this.#filled);
      this.#filled += count;
      at += count;
      if (this.#filled === 64) this.#mix();
    }
  }

  /** The hash in lower-case hexadecimal. Call it last, and once. */
  digest(): string {
    const length = this.#length;
    const zeros = (119 - (length % 64)) % 64;
    const end = new DataView(new ArrayBuffer(zeros + 9));
    end.setUint8(0, 0x80);
    end.setUint32(zeros + 1, Math.floor(length / 2 ** 29));
    end.setUint32(zeros + 5, (length * 8) % 2 ** 32);
    this.update(new Uint8Array(end.buffer));
    return Array.from(this.#state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }

  #mix(): void {
    this.#filled = 0;
    const words = this.#words;
    const block = this.#block;
    for (let i = 0; i < 16; i++) {
      words[i] = (block[4 * i] << 24) | (block[4 * i + 1] << 16) | (block[4 * i + 2] << 8) | block[4 * i + 3];
    }
    for (let i = 16; i < 64; i++) {
      const early = words[i - 15];
      const late = words[i - 2];
      const small = rotated(early, 7) ^ rotated(early, 18) ^ (early >>> 3);
      words[i] = words[i - 16] + small + words[i - 7] + (rotated(late, 17) ^ rotated(late, 19) ^ (late >>> 10));
    }
    let [a, b, c, d, e, f, g, h] = this.#state;
    for (let i = 0; i < 64; i++) {
      const first = (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) + ((e & f) ^ (~e & g));
      const mixed = (h + first + this.#constants[i] + words[i]) | 0;
      const second = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + mixed) | 0, c, b, a, (mixed + second) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => {
      this.#state[i] += word;
    });
  }
}
