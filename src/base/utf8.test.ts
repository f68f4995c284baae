import { expect, test } from "vitest";
import { ownDecode, ownEncode } from "./utf8.ts";

const points = [0, 0x41, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xfeff, 0xffff, 0x1_0000, 0x1_f600, 0x10_ffff];

test("text and bytes are those of the host", () => {
  for (const text of [
    ...points.map((point) => String.fromCodePoint(point)),
    String.fromCodePoint(...points),
    "",
    "a\ud800b",
  ]) {
    const bytes = new TextEncoder().encode(text);
    expect(ownEncode(text)).toEqual(bytes);
    expect(ownDecode(bytes)).toBe(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
  }
});

test("what the host refuses is refused", () => {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const decoded = (decode: () => string): string => {
    try {
      return JSON.stringify(decode());
    } catch {
      return "refused";
    }
  };
  for (let first = 0; first < 256; first++) {
    for (const rest of [
      [],
      [0x80],
      [0xbf],
      [0x41],
      [0x9f, 0x80],
      [0xa0, 0x80],
      [0x8f, 0x80, 0x80],
      [0x90, 0x80, 0x80],
      [0x80, 0x80, 0x80, 0x80],
    ]) {
      const bytes = Uint8Array.of(first, ...rest);
      expect(
        decoded(() => ownDecode(bytes)),
        String(bytes),
      ).toBe(decoded(() => decoder.decode(bytes)));
    }
  }
});
