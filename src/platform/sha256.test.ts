/**
 * Both sides of the platform compute the same digests; the web's side runs here too, since Node has
 * the same `crypto.subtle`.
 */
import { createHash } from "node:crypto";
import { afterEach, describe, expect, test, vi } from "vitest";
import * as node from "./node.ts";
import * as web from "./web.ts";

/** The web's, in a page that is not secure, and in a worklet. */
const without =
  (crypto: unknown) =>
  async (bytes: Uint8Array): Promise<string> => {
    vi.resetModules();
    vi.stubGlobal("crypto", crypto);
    const { sha256 } = await import("./web.ts");
    return sha256(bytes);
  };

afterEach(() => vi.unstubAllGlobals());

describe.each([
  ["node", node.sha256],
  ["web", web.sha256],
  ["a page that is not secure", without({})],
  ["a worklet", without(undefined)],
])("%s", (_, sha256) => {
  test.each([
    ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    // one byte short of a block, and of what leaves room for the length
    ...[55, 56, 63, 64, 119, 120].map((n) => ["a".repeat(n), createHash("sha256").update("a".repeat(n)).digest("hex")]),
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
