/**
 * @file Text to UTF-8 and back: with the host's TextEncoder and TextDecoder or, without them
 * (worklets, Jest's jsdom), in JavaScript.
 */

const host = globalThis as Partial<Pick<typeof globalThis, "TextDecoder" | "TextEncoder">>;

/** The UTF-8 bytes of a text. A lone surrogate becomes U+FFFD. */
export const encodeUtf8 = (text: string): Uint8Array =>
  host.TextEncoder === undefined ? ownEncode(text) : new host.TextEncoder().encode(text);

/**
 * The text of UTF-8 bytes. A byte order mark is kept. Throws TypeError for bytes that are not
 * UTF-8.
 */
export const decodeUtf8 = (bytes: Uint8Array): string =>
  host.TextDecoder === undefined
    ? ownDecode(bytes)
    : new host.TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);

const isSurrogate = (point: number): boolean => point >= 0xd800 && point < 0xe000;

/** `encodeUtf8` without the host's TextEncoder. */
export function ownEncode(text: string): Uint8Array {
  const bytes = new Uint8Array(3 * text.length);
  let to = 0;
  for (const letter of text) {
    const codePoint = letter.codePointAt(0) as number;
    const point = isSurrogate(codePoint) ? 0xfffd : codePoint;
    const more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x1_0000 ? 2 : 3;
    bytes[to++] = more === 0 ? point : ((0xff00 >> (more + 1)) & 0xff) | (point >> (6 * more));
    for (let i = more - 1; i >= 0; i--) bytes[to++] = 0x80 | ((point >> (6 * i)) & 0x3f);
  }
  return bytes.slice(0, to);
}

/** Smallest code point that needs 0, 1, 2 or 3 continuation bytes. */
const SMALLEST = [0, 0x80, 0x800, 0x1_0000];

/** `decodeUtf8` without the host's TextDecoder. */
export function ownDecode(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at++];
    const more = first < 0x80 ? 0 : Math.clz32(~(first << 24)) - 1;
    let point = more === 0 ? first : first & (0x3f >> more);
    if (more < 0 || more > 3 || (first >= 0x80 && more === 0)) throw new TypeError("invalid UTF-8");
    for (let i = 0; i < more; i++) {
      const next = bytes[at++];
      if (next === undefined || (next & 0xc0) !== 0x80) throw new TypeError("invalid UTF-8");
      point = (point << 6) | (next & 0x3f);
    }
    if (point < SMALLEST[more] || point > 0x10_ffff || isSurrogate(point)) throw new TypeError("invalid UTF-8");
    parts.push(String.fromCodePoint(point));
  }
  return parts.join("");
}
