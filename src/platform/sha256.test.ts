/** Both sides of the platform compute the same digests; the web's side runs here too, since Node has the same `crypto.subtle`. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { UnsupportedError } from "../base/index.ts";
import * as node from "./node.ts";
import * as web from "./web.ts";

afterEach(() => vi.unstubAllGlobals());

describe.each([
  ["node", node.sha256],
  ["web", web.sha256],
])("%s", (_, sha256) => {
  test.each([
    ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    // three pieces
    ["a".repeat(10_000_000), "01f4a87c04b40af59aadc0e812293509709c9a8763a60b7f9e19303322f8b03c"],
  ])("known answers", async (text, digest) => {
    expect(await sha256(new TextEncoder().encode(text))).toBe(digest);
  });

  test("a part of a buffer, and memory that is shared", async () => {
    const bytes = Uint8Array.of(9, 97, 98, 99, 9).subarray(1, 4);
    const shared = new Uint8Array(new SharedArrayBuffer(3));
    shared.set(bytes);
    expect(await sha256(bytes)).toMatch(/^ba7816bf/);
    expect(await sha256(shared)).toMatch(/^ba7816bf/);
  });
});

test.each([{}, undefined])("a page that is not secure: a clear error", async (crypto) => {
  vi.stubGlobal("crypto", crypto);
  await expect(web.sha256(new Uint8Array(1))).rejects.toThrow(UnsupportedError);
  await expect(web.sha256(new Uint8Array(1))).rejects.toThrow(/expected a secure context \(a page from https/);
});
