import { expect, test } from "vitest";
import { type BratOptions, parseBrat } from "./brat.ts";

const shown = (text: string, annotations: string, options: BratOptions = {}): string[] =>
  parseBrat(text, annotations, { where: "a.ann", ...options }).map(({ tokens, tags }) =>
    tokens.map((token, t) => `${token}/${tags[t]}`).join(" "),
  );

const text = "😀 Karl met Mira.\n\nNew York calls\r\nnothing";
// as brat counts: code points
const annotations =
  "T1\tPER 2 6\tKarl\nT2\tPER 11 15\tMira\nR1\tKnows Arg1:T1 Arg2:T2\nT3\tLOC 18 26\tNew York\n#1\tNote T1\tx\n";

test("spans of brat are those of the lines of the text", () => {
  const expected = ["😀/O Karl/B-PER met/O Mira/B-PER ./O", "New/B-LOC York/I-LOC calls/O", "nothing/O"];
  expect(shown(text, annotations)).toEqual(expected);
  const units = annotations.replace("2 6", "3 7").replace("11 15", "12 16").replace("18 26", "19 27");
  expect(shown(text, units)).toEqual(expected);
  expect(shown("a b c d", "T1\tX 0 1;4 5\ta c\n")).toEqual(["a/B-X b/I-X c/I-X d/O"]);
});

test("a span that is not of the text is refused with its line, or left out", () => {
  for (const [wrong, message] of [
    ["T1\tX 0 90\tKarl\n", "a.ann line 1: expected spans inside of the text"],
    ["T1\tX 90 91\tq\n", "a.ann line 1: expected a span inside of the text"],
    ["\nT1\tX 1\n", "a.ann line 2: expected a span such as"],
  ]) {
    expect(() => shown("Karl came", wrong)).toThrow(message);
    const bad: string[] = [];
    shown("Karl came", wrong, { onBad: (error) => bad.push(error.message) });
    expect(bad).toEqual([expect.stringContaining(message)]);
  }
});
