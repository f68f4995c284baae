/** @file Code shared by the JSON reader and writer. */

/** Keys that could reach a prototype when an object is copied. Reading and writing refuse them. */
export const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/**
 * Whether every surrogate of `text` is half of a pair. String.prototype.isWellFormed is newer than
 * our oldest browsers.
 */
export function isWellFormed(text: string): boolean {
  const { isWellFormed: native } = text as { readonly isWellFormed?: () => boolean };
  if (native !== undefined) return native.call(text);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if ((unit & 0xf800) !== 0xd800) continue;
    if (unit >= 0xdc00 || (text.charCodeAt(i + 1) & 0xfc00) !== 0xdc00) return false;
    i++;
  }
  return true;
}

/**
 * Offset of the first byte that is not part of valid UTF-8, or -1. Overlong forms and surrogates
 * are invalid.
 */
export function invalidUtf8Offset(bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length;) {
    const lead = bytes[i];
    if (lead < 0x80) {
      i++;
      continue;
    }
    const length =
      lead >= 0xc2 && lead < 0xe0 ? 2 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
    if (length === 0) return i;
    const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    for (let k = 1; k < length; k++) {
      const byte = bytes[i + k]; // undefined at the end fails both comparisons
      if (!(byte >= (k === 1 ? lowest : 0x80) && byte <= (k === 1 ? highest : 0xbf))) return i;
    }
    i += length;
  }
  return -1;
}
