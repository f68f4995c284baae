/** FLAC files for tests: frames that are not compressed, or of one value. */

class Bits {
  readonly bytes: number[] = [];
  #open = 0;
  #count = 0;

  put(value: number, width: number): void {
    for (let i = width - 1; i >= 0; i--) {
      this.#open = this.#open * 2 + (Math.floor(value / 2 ** i) & 1);
      if (++this.#count === 8) {
        this.bytes.push(this.#open);
        this.#open = this.#count = 0;
      }
    }
  }
}

function checksum(bytes: readonly number[], width: 8 | 16, polynomial: number): number {
  let sum = 0;
  for (const byte of bytes) {
    sum ^= byte << (width - 8);
    for (let bit = 0; bit < 8; bit++)
      sum = ((sum << 1) ^ (sum & (1 << (width - 1)) ? polynomial : 0)) & (2 ** width - 1);
  }
  return sum;
}

/** The frame's number as UTF-8 writes a character. */
const numbered = (n: number): number[] => [...Buffer.from(String.fromCodePoint(n), "utf8")];

export type FlacOptions = {
  readonly sampleRate: number;
  /** Samples of a frame. Default 192. */
  readonly blockSize?: number;
  /** The number in the head. Default: what there is. */
  readonly total?: number;
};

/** Samples of 16 bits, channel by channel. A frame whose samples are all equal is written as one. */
export function flacOf(
  channels: readonly (readonly number[])[],
  { sampleRate, blockSize = 192, total = channels[0].length }: FlacOptions,
): Uint8Array {
  const head = new Bits();
  head.put(0x664c6143, 32);
  head.put(0x80, 8);
  head.put(34, 24);
  head.put(blockSize, 16);
  head.put(blockSize, 16);
  head.put(0, 48);
  head.put(sampleRate, 20);
  head.put(channels.length - 1, 3);
  head.put(15, 5);
  head.put(total, 36);
  head.put(0, 128);
  const frames: number[] = [];
  for (let from = 0, n = 0; from < channels[0].length; from += blockSize, n++) {
    const size = Math.min(blockSize, channels[0].length - from);
    const frame = new Bits();
    frame.put(0b1111_1111_1111_1000, 16);
    // 16 bits for the size and for the rate; the channels one by one, 16 bits each
    frame.put(0b0111_1101, 8);
    frame.put((channels.length - 1) * 16 + 0b1000, 8);
    for (const byte of numbered(n)) frame.put(byte, 8);
    frame.put(size - 1, 16);
    frame.put(sampleRate, 16);
    frame.put(checksum(frame.bytes, 8, 0x07), 8);
    for (const channel of channels) {
      const samples = channel.slice(from, from + size);
      const isConstant = samples.every((x) => x === samples[0]);
      frame.put(isConstant ? 0 : 0b0000_0010, 8);
      for (const x of isConstant ? samples.slice(0, 1) : samples) frame.put(x & 0xffff, 16);
    }
    frame.put(checksum(frame.bytes, 16, 0x8005), 16);
    for (const byte of frame.bytes) frames.push(byte);
  }
  return Uint8Array.from([...head.bytes, ...frames]);
}
