import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Normalization, normalized } from "../../data/index.ts";
import { normalizedPieces } from "./normalized-pieces.ts";

const FORMS: readonly Normalization[] = ["nfc", "nfkc", "none"];

const inPieces = (pieces: readonly string[], form: Normalization): string => {
  return [...normalizedPieces(pieces, form)].join("");
};

/** Characters that become one with others, in each form. */
const JOINING = [..."aeékㄱㅏㄴﾞカﾊﾟ각가ᄀ각ᆨ한​ำ가힣 ﬁＡ०্াক"].concat(["̀", "̈", "̧", "゙", "𑄲", "𝅗𝅥", "ᅠ", "ᆧ", "ᆨ"]);
const joining = fc.array(fc.constantFrom(...JOINING.flatMap((one) => [...one])), { maxLength: 12 });

describe("text in pieces has the form of the whole", () => {
  test.each(FORMS)("%s", (form) => {
    const anyText = fc.oneof(joining, fc.array(fc.string({ unit: "binary", maxLength: 3 }), { maxLength: 6 }));
    fc.assert(
      fc.property(anyText, (pieces) => {
        expect(inPieces(pieces, form)).toBe(normalized(pieces.join(""), form));
      }),
      { numRuns: 3000 },
    );
  });

  test("every character after others, and before them", () => {
    for (const form of ["nfc", "nfkc"] as const)
      for (let point = 0; point <= 0x10ffff; point++) {
        if (point >= 0xd800 && point < 0xe000) point = 0xe000;
        if (point === 0x30000) point = 0xe0000;
        const character = String.fromCodePoint(point);
        // only what can change at all, and some of the rest
        if (point % 61 !== 0 && !/[\p{M}\p{L}\p{Sk}]/u.test(character)) continue;
        for (const before of ["e", "가", "ᄀ", "カ", "ক"]) {
          const found = inPieces([before, character], form);
          if (found !== normalized(before + character, form)) expect([form, point, found]).toEqual([]);
        }
      }
  });
});
