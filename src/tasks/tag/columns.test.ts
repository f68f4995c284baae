import { expect, test } from "vitest";
import { conllSentences, type ConllOptions, parseConll } from "./columns.ts";
import { tagsInScheme } from "./notation.ts";

/** Tokens with their tags: "EU/B-ORG rejects/O", sentences in lines. */
const shown = (text: string, options: ConllOptions = {}): string[] =>
  tagsInScheme(parseConll(text, options)).examples.map(({ tokens, tags }) =>
    tokens.map((token, t) => `${token}/${tags[t]}`).join(" "),
  );

const lines = (...all: readonly string[]): string => `${all.join("\n")}\n`;

/** Files as the tools and shared tasks write them, and what they say. */
const DIALECTS: [name: string, text: string, expected: readonly string[], options?: ConllOptions][] = [
  [
    "CoNLL-2003",
    lines(
      "-DOCSTART- -X- -X- O",
      "",
      "EU NNP B-NP B-ORG",
      "rejects VBZ B-VP O",
      "",
      "-DOCSTART- -X- -X- O",
      "",
      "Peter NNP B-NP B-PER",
      "",
    ),
    ["EU/B-ORG rejects/O", "Peter/B-PER"],
  ],
  [
    "CoNLL-2003, chunks",
    lines("-DOCSTART- -X- -X- O", "", "EU NNP I-NP I-ORG", "rejects VBZ I-VP O", ""),
    ["EU/I-NP rejects/I-VP"],
    { tagColumn: 2 },
  ],
  [
    "CoNLL-2003, IOB1, without blank lines around -DOCSTART-",
    lines(
      "-DOCSTART- -X- O O",
      "EU NNP I-NP I-ORG",
      "Berlin NNP I-NP B-ORG",
      "-DOCSTART- -X- O O",
      "rejects VBZ I-VP O",
    ),
    ["EU/I-ORG Berlin/B-ORG", "rejects/O"],
  ],
  [
    "CoNLL-2000, with a pound sign",
    lines("to TO B-PP", "# # B-NP", "1.49 CD I-NP", ". . O", "", "# # B-NP", "93 CD I-NP"),
    ["to/B-PP #/B-NP 1.49/I-NP ./O", "#/B-NP 93/I-NP"],
  ],
  [
    "CoNLL-2000, parts of speech",
    lines("to TO B-PP", "# # B-NP", "1.49 CD I-NP"),
    ["to/TO #/# 1.49/CD"],
    { tagColumn: 1 },
  ],
  ["CoNLL-2002", lines("Wolff B-PER", ", O", "", "en O", "# O"), ["Wolff/B-PER ,/O", "en/O #/O"]],
  [
    "CoNLL-U with contractions, empty words and comments",
    lines(
      "# newdoc id = a",
      "# text = vámonos al mar",
      "1-2\tvámonos\t_\t_\t_\t_\t_\t_\t_\t_",
      "1\tvamos\tir\tVERB\t_\t_\t0\troot\t_\t_",
      "2\tnos\tnosotros\tPRON\t_\t_\t1\tobj\t_\t_",
      "2.1\tir\tir\tVERB\t_\t_\t_\t_\t0:root\t_",
      "3-4\tal\t_\t_\t_\t_\t_\t_\t_\t_",
      "3\ta\ta\tADP\t_\t_\t5\tcase\t_\t_",
      "4\tel\tel\tDET\t_\t_\t5\tdet\t_\t_",
      "5\tmar\tmar\tNOUN\t_\tGender=Masc\t1\tobl\t_\tSpaceAfter=No",
      "",
    ),
    ["vamos/VERB nos/PRON a/ADP el/DET mar/NOUN"],
  ],
  [
    "CoNLL-U, a column by its name",
    lines("1\tDogs\tdog\tNOUN\tNNS\t_\t2\tnsubj\t_\t_", "2\tbark\tbark\tVERB\tVBP\t_\t0\troot\t_\t_"),
    ["Dogs/NNS bark/VBP"],
    { tagColumn: "xpos" },
  ],
  [
    "CoNLL-U Plus",
    lines("# global.columns = ID FORM UPOS NER", "1\tOslo\tPROPN\tB-LOC", "2\tburns\tVERB\tO"),
    ["Oslo/B-LOC burns/O"],
  ],
  [
    "CoNLL-2012 (OntoNotes)",
    lines(
      "#begin document (bc/cnn); part 000",
      "bc/cnn 0 0 The DT (TOP(S(NP* - - - Anna (ORG* * -",
      "bc/cnn 0 1 U.N. NNP *) - - - Anna *) * -",
      "bc/cnn 0 2 left VBD (VP*)) leave 01 1 Anna * (V*) -",
      "",
      "bc/cnn 0 0 Oslo NNP (TOP(NP*)) - - - Anna (GPE) -",
      "#end document",
    ),
    ["The/B-ORG U.N./I-ORG left/O", "Oslo/B-GPE"],
  ],
  [
    "CoNLL-2009",
    lines(
      "1\tDogs\tdog\tdog\tNNS\tNNS\t_\t_\t2\t2\tSBJ\tSBJ\t_\t_\tA0",
      "2\tbark\tbark\tbark\tVBP\tVBP\t_\t_\t0\t0\tROOT\tROOT\tY\tbark.01\t_",
    ),
    ["Dogs/NNS bark/VBP"],
  ],
  [
    "WNUT-17",
    lines("@paulwalk\tO", "#Oslo\tB-location", "\t", "Empire\tB-location", "State\tI-location", "#\tO", ""),
    ["@paulwalk/O #Oslo/B-location", "Empire/B-location State/I-location #/O"],
  ],
  [
    "Universal NER",
    lines(
      "# sent_id = a-1",
      "# text = Oslo calls",
      "1\tOslo\tB-LOC\t-\tuser_1",
      "2\tcalls\tO\t-\t-",
      "",
      "# sent_id = a-2",
      "1\t#\tO\t-\tuser_1",
    ),
    ["Oslo/B-LOC calls/O", "#/O"],
  ],
  [
    "GermEval 2014",
    lines(
      "#\thttp://de.wikipedia.org/wiki/Oslo [2009-10-17]",
      "1\tOslo\tB-LOC\tO",
      "2\t-Nord\tI-LOC\tO",
      "",
      "#\thttp://x.org [2010-01-01]",
      "1\tja\tO\tO",
    ),
    ["Oslo/B-LOC -Nord/I-LOC", "ja/O"],
  ],
  [
    "MultiCoNER",
    lines("# id 4ee90b76\tdomain=train", "in _ _ O", "oslo _ _ B-LOC", "", "", "# id 5ee\tdomain=train", "here _ _ O"),
    ["in/O oslo/B-LOC", "here/O"],
  ],
  [
    "Label Studio's CoNLL",
    lines("-DOCSTART- -X- O", "Oslo -X- _ B-LOC", "calls -X- _ O", "", "Lima -X- _ B-LOC"),
    ["Oslo/B-LOC calls/O", "Lima/B-LOC"],
  ],
  [
    "numbered words without blank lines, and with gaps",
    lines("1\ta\t_\tNN\t_\t_\t_\t_\t_\t_", "3\tb\t_\tVB\t_\t_\t_\t_\t_\t_", "1\tc\t_\tNN\t_\t_\t_\t_\t_\t_"),
    ["a/NN b/VB", "c/NN"],
  ],
  ["comments only", lines("# a", "# b"), []],
  ["a head line", lines("POS\tWord\tTag", "NNP\tOslo\tB-LOC", "VBZ\tcalls\tO"), ["Oslo/B-LOC calls/O"]],
  ["MSRA, one letter per token", lines("去 O", "北 B-LOC", "京 I-LOC"), ["去/O 北/B-LOC 京/I-LOC"]],
  ["SRL in brackets", lines("Dogs (A0*", "who *)", "bark (V*)", "loud *"), ["Dogs/B-A0 who/I-A0 bark/B-V loud/O"]],
  [
    "CR LF, blank lines with spaces, no end",
    "Oslo O\r\n \t \r\nLima B-LOC\r\n  \r\nhere O",
    ["Oslo/O", "Lima/B-LOC", "here/O"],
  ],
  ["lines of old Macs", "Oslo O\rLima B-LOC\r\rhere O\r", ["Oslo/O Lima/B-LOC", "here/O"]],
  ["a byte order mark", "\uFEFFOslo O\n", ["Oslo/O"]],
  ["no-break spaces in tokens", lines("10\u00a0000 CD B-QTY", "a\u3000b NN O"), ["10\u00a0000/B-QTY a\u3000b/O"]],
  ["a no-break space, another column", lines("10\u00a0000 CD B-QTY"), ["10\u00a0000/CD"], { tagColumn: 1 }],
  ["tokens with spaces, tabs between columns", lines("New York\tB-LOC", " is \t O "), ["New York/B-LOC is/O"]],
  ["tabs at the ends of all lines", lines("Oslo\tB-LOC\t", "calls\tO\t"), ["Oslo/B-LOC calls/O"]],
  ["a hash before each word", lines("#Karl B-PER", "#from O", "", "# O"), ["#Karl/B-PER #from/O", "#/O"]],
  [
    "comments of two columns",
    lines("# newdoc", "Oslo B-LOC", "", "# text = Lima calls", "Lima B-LOC", "# comment here", "now O"),
    ["Oslo/B-LOC", "Lima/B-LOC now/O"],
  ],
];

test.each(DIALECTS)("%s", (_, text, expected, options) => {
  expect(shown(text, options)).toEqual(expected);
});

const where = "data.conll";

test.each<[string, string, ConllOptions]>([
  ["a\tO\n\nb\n", "data.conll line 3: expected at least 2 columns, got 1", {}],
  ["a O\nb X\n", 'data.conll line 2: expected a tag of scheme "BIO", got "X"', { scheme: "BIO" }],
  ["\tO\n", "data.conll line 1: expected a token in column 0, got nothing", {}],
  ["a\tO\nb\t\nc\tO\n", 'data.conll line 2: expected a tag, got ""', {}],
  [
    "a O\nNew York B-LOC\nc O\n",
    "data.conll line 2: expected 2 columns, as in other lines, got 3. A token with a space",
    {},
  ],
  ["a\tO\nb\tI PER\nc O\nd O\ne I PER\n", "data.conll line 5: expected 2 columns, as in other lines, got 3", {}],
  ["a CD O\n10 000 CD B-QTY\n", "data.conll line 2: expected 3 columns, as in other lines, got 4", { tagColumn: 1 }],
  ["a O\n#tag\n", "data.conll line 2: expected at least 2 columns, got 1", {}],
  ["a O\n", 'data.conll: --tag-column: expected a column "ner", got no names', { tagColumn: "ner" }],
  ["a O\n", "data.conll tokenColumn: expected an integer >= 0, got -1", { tokenColumn: -1 }],
  ["a (X*\nb (Y*\n c *)\n", 'data.conll line 2: expected names that are not inside of others, got "(Y*"', {}],
])("%j is refused with its line", (text, message, options) => {
  expect(() => parseConll(text, { where, ...options })).toThrow(message);
});

test("sentences that can't be read are left out and told", () => {
  const bad: string[] = [];
  const found = parseConll("a O\n\nb\nc O\n\nd O\n", { where, onBad: ({ message }) => bad.push(message) });
  expect(found.map(({ tokens }) => tokens)).toEqual([["a"], ["d"]]);
  expect(bad).toEqual([expect.stringContaining("data.conll line 3: expected at least 2 columns, got 1")]);
});

test("the lines of sentences are all lines of the file", () => {
  const text = "# a\n\n-DOCSTART- O\n\n# b\nx O\ny O\n\n\nz O\n# end\n\n";
  const found = conllSentences(text, { where });
  expect(`${found.flatMap((one) => one.lines).join("\n")}\n`).toBe(text);
  expect(found.map(({ tokens, at, lines: own }) => [tokens, at.map((i) => own[i])])).toEqual([
    [
      ["x", "y"],
      ["x O", "y O"],
    ],
    [["z"], ["z O"]],
  ]);
  expect(found[1].place).toBe("data.conll line 10");
});

test("tokens without tags are sentences too", () => {
  const found = conllSentences("Oslo\ncalls\n\nLima\n", { isTagless: true });
  expect(found.map(({ tokens, tags }) => [tokens, tags])).toEqual([
    [["Oslo", "calls"], undefined],
    [["Lima"], undefined],
  ]);
});
