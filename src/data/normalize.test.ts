import { describe, expect, test } from "vitest";
import { buildVocabulary, vocabularyFromJSON } from "./vocabulary.ts";

describe("a vocabulary with a form", () => {
  const texts = { nfc: "한국어 café", nfd: "한국어 café".normalize("NFD") };

  test.each(["char", "word", "byte"] as const)("%s: both spellings are the same tokens", (unit) => {
    for (const given of Object.values(texts)) {
      const vocabulary = buildVocabulary(given, { unit, normalize: "nfc" });
      const ids = [...vocabulary.encode(texts.nfc)];
      expect([...vocabulary.encode(texts.nfd)]).toEqual(ids);
      expect(vocabulary.decode(ids)).toBe(texts.nfc);
      // word by word
      const stream = vocabulary.encodeStream();
      const streamed = texts.nfd.split(/(?<= )/).flatMap((piece) => [...stream.push(piece)]);
      expect([...streamed, ...stream.end()]).toEqual(ids);
      const again = vocabularyFromJSON(JSON.parse(JSON.stringify(vocabulary)));
      expect(again.normalize).toBe("nfc");
      expect([...again.encode(texts.nfd)]).toEqual(ids);
    }
    const pieces = buildVocabulary(texts.nfd.split(/(?<= )/), { unit, normalize: "nfc" });
    expect(pieces.toJSON()).toEqual(buildVocabulary(texts.nfc, { unit, normalize: "nfc" }).toJSON());
  });

  test("without one, both spellings are different, and the JSON is that of before", () => {
    const vocabulary = buildVocabulary(texts.nfd);
    expect(vocabulary.normalize).toBe("none");
    expect(vocabulary.has("é")).toBe(false);
    expect(Object.keys(vocabulary.toJSON())).toEqual(["unit", "tokens", "unknown"]);
    expect(vocabulary.decode(vocabulary.encode(texts.nfd))).toBe(texts.nfd);
    expect(() => vocabularyFromJSON({ unit: "byte", normalize: "nfd" })).toThrow('expected nfc,nfkc,none, got "nfd"');
    expect(buildVocabulary("ﬁ", { normalize: "nfkc" }).tokens).toEqual(["f", "i"]);
  });
});
