/**
 * @file Text to UTF-8 and back where there is no TextEncoder, as in worklets and in Jest's jsdom;
 * elsewhere those of the host.
 */

const host = globalThis as Partial<Pick<typeof globalThis, "TextDecoder" | "TextEncoder">>;

/** A lone surrogate becomes U+FFFD. */
export const encodeUtf8 = (text: string): Uint8Array =>
  host.TextEncoder === undefined ? ownEncode(text) : new host.TextEncoder().encode(text);

/** A byte order mark is kept. Throws TypeError for bytes that are not UTF-8. */
export const decodeUtf8 = (bytes: Uint8Array): string =>
  host.TextDecoder === undefined
    ? ownDecode(bytes)
    : new host.TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);

const isSurrogate = (point: number): boolean => point >= 0xd800 && point < 0xe000;

export function ownEncode(text: string): Uint8Array {
  const bytes = new Uint8Array(3 * text.length);
  let to = 0;
  for (const letter of text) {
    const found = letter.codePointAt(0) as number;
    const point = isSurrogate(found) ? 0xfffd : found;
    const more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x1_0000 ? 2 : 3;
    bytes[to++] = more === 0 ? point : ((0xff00 >> (more + 1)) & 0xff) | (point >> (6 * more));
    for (let i = more - 1; i >= 0; i--) bytes[to++] = 0x80 | ((point >> (6 * i)) & 0x3f);
  }
  return bytes.slice(0, to);
}

/** Smallest code points of so many bytes more. */
const SMALLEST = [0, 0x80, 0x800, 0x1_0000];

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
