import { encodeModel } from "../../model/index.ts";
import { expect, test } from "vitest";
import { randomStream } from "../../base/index.ts";
import { adam } from "../../optim/index.ts";
import { assign, valueAndGrad } from "../../tensor/index.ts";
import { trainOn } from "../../train/index.ts";
import { detectScheme, tagConstraints, tagSet } from "./scheme.ts";
import { tag, tagAll } from "./answers.ts";
import { loadTagger, type Tagger, tagger, type TaggerOptions } from "./model.ts";
import { evaluateTagger } from "./evaluation.ts";
import { taggerTask } from "./training.ts";
import { charactersOf, placed, shapeOf, type TaggedExample } from "./words.ts";

/**
 * "to CITY" is a place, "with CITY" a person: the word alone doesn't tell. Every name but few
 * occurs.
 */
function sentences(count: number, seed: number): TaggedExample[] {
  const names = ["Paris", "Jordan", "Austin", "Sydney", "Lima", "Victoria"];
  return Array.from({ length: count }, (_, i) => {
    const random = randomStream(seed).at(i);
    const name = names[random.integer(names.length)];
    const isPlace = random.uniform() < 0.5;
    const label = isPlace ? "LOC" : "PER";
    const tail = random.uniform() < 0.5 ? [] : ["today"];
    const second = random.uniform() < 0.5 ? [] : ["Smith"];
    return {
      tokens: ["we", "went", isPlace ? "to" : "with", name, ...second, ...tail],
      tags: ["O", "O", "O", `B-${label}`, ...second.map(() => `I-${label}`), ...tail.map(() => "O")],
    };
  });
}

const small = (options: Partial<TaggerOptions> = {}): Tagger =>
  tagger({ examples: sentences(200, 1), hiddenSize: 12, embeddingSize: 8, characterSize: 5, shapeSize: 3, ...options });

/** Random parameters everywhere, the CRF's included. */
function shaken(model: Tagger): Tagger {
  for (const [name, x] of Object.entries(model.parameters())) {
    const random = randomStream(5).named(name);
    assign(
      x,
      Float32Array.from({ length: x.size }, () => random.normal() * 0.5),
    );
  }
  return model;
}

async function train(model: Tagger, training: readonly TaggedExample[], steps: number): Promise<void> {
  const optimizer = adam({ learningRate: 0.02 });
  for await (const _ of trainOn(taggerTask(model, { training, batchSize: 16 }), { steps, optimizer })) void _;
}

test.each([
  ["crf", "BIO"],
  ["crf", "BIOES"],
  ["softmax", "BIO"],
] as const)("with %s and %s it learns what the context says, for an unknown name too", async (output, scheme) => {
  const model = small({ output, scheme });
  await train(model, sentences(200, 1), 60);
  const { measures, loss, spans } = evaluateTagger(model, sentences(80, 2));
  expect(measures).toEqual({ accuracy: 1, f1: 1 });
  expect(loss).toBeLessThan(0.1);
  expect(Object.keys(spans.labels)).toEqual(["LOC", "PER"]);
  const found = tag(model, ["we", "went", "to", "Bratislava", "today"]);
  expect(found.spans).toEqual([{ label: "LOC", start: 3, end: 4 }]);
  expect(Math.exp(found.score)).toBeGreaterThan(0.5);
  for (const row of found.probabilities) expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
});

test("a batch gives each sentence the bits that it has alone", () => {
  const model = shaken(small());
  const some = [...sentences(9, 3).map(({ tokens }) => tokens), [], ["we"]];
  const together = tagAll(model, some);
  expect(together).toEqual(some.map((tokens) => tag(model, tokens)));
  expect(tagAll(model, some, { batchSize: 3 })).toEqual(together);
  expect(tagAll(model, [])).toEqual([]);
  expect(together[9]).toEqual({ tokens: [], tags: [], spans: [], score: 0, probabilities: [] });
});

test("what is at padded places has no influence on loss or gradients", () => {
  for (const output of ["crf", "softmax"] as const) {
    const model = shaken(small({ output }));
    const own = sentences(12, 4);
    const batch = model.batch(own.map(({ tokens }) => tokens));
    const tags = model.tagIds(own, batch.steps);
    const isPadding = (at: number): boolean => Math.floor(at / own.length) >= batch.lengths[at % own.length];
    const junk = {
      ...batch,
      words: batch.words.map((id, at) => (isPadding(at) ? 3 : id)),
      spellings: batch.spellings.map((id, at) => (isPadding(at) ? 1 : id)),
    };
    const junkTags = tags.map((id, at) => (isPadding(at) ? 2 : id));
    expect(junkTags).not.toEqual(tags);
    const values = (read: typeof batch, ids: Int32Array) => {
      const { value, gradients } = valueAndGrad(() => model.loss(read, ids), model.parameters());
      return [value.item(), ...Object.values(gradients).map((g) => [...g.values()])];
    };
    expect(values(junk, junkTags)).toEqual(values(batch, tags));
  }
});

test("constrained tags always keep to the scheme", () => {
  for (const scheme of ["BIO", "BIOES"] as const) {
    const model = shaken(small({ scheme }));
    const { constraints } = model;
    const K = model.config.tags.length;
    const some = sentences(100, 6).map(({ tokens }) => tokens);
    const broken = (constrained: boolean): number =>
      tagAll(model, some, { constrained }).filter(({ tags }) => {
        const ids = tags.map((name) => model.config.tags.indexOf(name));
        const isAllowed =
          constraints.start[ids[0]] === 1 &&
          constraints.end[ids[ids.length - 1]] === 1 &&
          ids.every((id, t) => t === 0 || constraints.transitions[ids[t - 1] * K + id] === 1);
        return !isAllowed;
      }).length;
    expect(broken(true)).toBe(0);
    expect(broken(false)).toBeGreaterThan(10);
  }
});

test("constraints are those of the scheme", () => {
  const allowed = (tags: string[], scheme: "BIO" | "BIOES" | "none"): string[] => {
    const { transitions, start, end } = tagConstraints(tags, scheme);
    const pairs = tags.map(
      (before, i) => `${before}>${tags.filter((_, j) => transitions[i * tags.length + j]).join(" ")}`,
    );
    return [
      ...pairs,
      `start>${tags.filter((_, i) => start[i]).join(" ")}`,
      `end>${tags.filter((_, i) => end[i]).join(" ")}`,
    ];
  };
  expect(allowed(["O", "B-X", "I-X", "B-Y", "I-Y"], "BIO")).toEqual([
    "O>O B-X B-Y",
    "B-X>O B-X I-X B-Y",
    "I-X>O B-X I-X B-Y",
    "B-Y>O B-X B-Y I-Y",
    "I-Y>O B-X B-Y I-Y",
    "start>O B-X B-Y",
    "end>O B-X I-X B-Y I-Y",
  ]);
  expect(allowed(["O", "B-X", "I-X", "E-X", "S-X", "E-Y"], "BIOES")).toEqual([
    "O>O B-X S-X",
    "B-X>I-X E-X",
    "I-X>I-X E-X",
    "E-X>O B-X S-X",
    "S-X>O B-X S-X",
    "E-Y>O B-X S-X",
    "start>O B-X S-X",
    "end>O E-X S-X E-Y",
  ]);
  expect(allowed(["NN", "VB"], "none")).toEqual(["NN>NN VB", "VB>NN VB", "start>NN VB", "end>NN VB"]);
  expect(() => tagConstraints(["E-X"], "BIO")).toThrow('tagConstraints: expected tags of scheme "BIO", got "E-X"');
  expect(tagSet(["I-Y", "O", "B-X"], "BIOES")).toEqual([
    "O",
    ..."BIES".split("").map((p) => `${p}-X`),
    ..."BIES".split("").map((p) => `${p}-Y`),
  ]);
  expect([detectScheme(["O", "I-X"]), detectScheme(["S-X"]), detectScheme(["O", "NN"])]).toEqual([
    "BIO",
    "BIOES",
    "none",
  ]);
});

test("a saved model is the same model, and files that are wrong are refused", () => {
  for (const options of [{}, { output: "softmax", characterSize: 0, shapeSize: 0 }] as const) {
    const model = shaken(small(options));
    const bytes = encodeModel(model);
    const again = loadTagger(bytes);
    const some = sentences(5, 7).map(({ tokens }) => tokens);
    expect(tagAll(again, some)).toEqual(tagAll(model, some));
    expect(encodeModel(again)).toEqual(bytes);
  }
  expect(() => loadTagger(new Uint8Array(9))).toThrow();
});

test("training that is resumed goes on bit for bit", async () => {
  const run = async (model: Tagger, split: number | undefined): Promise<number[]> => {
    const options = { optimizer: adam({ learningRate: 0.01 }), seed: 3 };
    const own = (): ReturnType<typeof taggerTask> => taggerTask(model, { training: sentences(50, 1), batchSize: 8 });
    const first = trainOn(own(), { ...options, steps: split ?? 14 });
    for await (const _ of first) void _;
    if (split !== undefined) {
      const resume = await first.snapshot();
      for await (const _ of trainOn(own(), { ...options, steps: 14, resume })) void _;
    }
    return Object.values(model.parameters()).flatMap((x) => [...x.values()]);
  };
  expect(await run(small(), 9)).toEqual(await run(small(), undefined));
});

test("words: shape and characters", () => {
  const words = ["and", "Paris", "NATO", "iPhone", "1,000", "A4", "...", "東京", "A", "co-op"];
  expect(words.map(shapeOf)).toEqual([1, 2, 3, 4, 5, 6, 7, 0, 2, 1]);
  expect(charactersOf("né𝒳")).toEqual(["n", "é", "𝒳"]);
  expect(charactersOf(`${"a".repeat(100)}b`)).toHaveLength(48);
});

test("tags in another notation are learned as the scheme's, and the model keeps how they were written", () => {
  const examples = sentences(40, 1).map(({ tokens, tags }) => ({
    tokens,
    tags: tags.map((tag) => (tag === "O" ? tag : `${tag.slice(2)}_${tag[0]}`)),
  }));
  const model = loadTagger(encodeModel(small({ examples, tags: ["ORG_I"], tokenizer: "spaces" })));
  expect(model.config.scheme).toBe("BIO");
  expect(model.config.tags).toEqual(["O", "B-LOC", "I-LOC", "B-ORG", "I-ORG", "B-PER", "I-PER"]);
  expect(model.config.notation).toEqual({ letters: "BI", order: "suffix", separator: "_", outside: "O" });
  expect(model.config.tokenizer).toBe("spaces");
  const own = small({ examples: sentences(40, 1) });
  expect(own.config.notation).toBeUndefined();
  expect(own.config.tokenizer).toBe("punctuation");
  const asIs = small({ examples, scheme: "none" });
  expect([asIs.config.scheme, asIs.config.tags[0], asIs.config.notation]).toEqual(["none", "LOC_B", undefined]);
  expect(small({ examples, scheme: "BIOES" }).config.notation).toBeUndefined();
  // sentences in either notation are measured alike
  expect(evaluateTagger(model, examples).measures).toEqual(evaluateTagger(model, sentences(40, 1)).measures);
});

test("a wrong tag is refused, not taken for another scheme", () => {
  const [first, ...others] = sentences(40, 1);
  const examples = [...others, { ...first, tags: first.tags.map((tag) => (tag === "O" ? "0" : tag)) }];
  expect(() => small({ examples })).toThrow(/expected a tag like B-X, I-X or O, as \d+ of \d+ are, got "0"/);
  expect(small({ examples, scheme: "none" }).config.tags[0]).toBe("0");
});

test("tags that the model lacks are measured as mistakes, and told", () => {
  const model = small();
  const gold = placed(
    { tokens: ["we", "saw", "Rhine"], tags: ["O", "O", "B-RIVER"] },
    "x.conll line 1",
    (t) => `x.conll line ${t + 1}`,
  );
  const wrong = { tokens: ["Rhine"], tags: ["0"] };
  const known = sentences(5, 3);
  const { loss, measures, spans, unknown } = evaluateTagger(model, [gold, ...known, wrong, gold]);
  expect(unknown).toEqual([
    { tag: "B-RIVER", count: 2, place: "x.conll line 3" },
    { tag: "0", count: 1, place: undefined },
  ]);
  expect(loss).toBe(evaluateTagger(model, known).loss);
  expect(spans.labels.RIVER.support).toBe(2);
  expect(measures.accuracy).toBeLessThan(1);
  expect(evaluateTagger(model, known).unknown).toEqual([]);
  expect(evaluateTagger(model, [gold]).loss).toBeNaN();
  // held-out sentences of a run, too
  const task = taggerTask(model, { training: sentences(5, 1), validation: [gold] });
  expect(task.rehearsal?.().evaluate?.()).toBeUndefined();
  expect(() => taggerTask(model, { training: [gold] })).toThrow(
    'x.conll line 3: expected one of O, B-LOC, I-LOC, B-PER, I-PER, got "B-RIVER"',
  );
  expect(() => evaluateTagger(model, [{ tokens: ["a"], tags: ["NN"] }])).toThrow(
    'evaluateTagger: expected tags of the model, such as "I-PER", got "NN". If the tags are in another column, choose it with --tag-column',
  );
});

test("wrong data and options are named", () => {
  expect(() => tagger({ examples: [] })).toThrow("tagger examples: expected at least one, got none");
  expect(() => tagger({ examples: [{ tokens: ["a"], tags: [] }] })).toThrow("tagger example 0: expected 1 tags, got 0");
  expect(() => tagger({ examples: [{ tokens: [""], tags: ["O"] }] })).toThrow("tagger example 0 token 0");
  expect(() => small({ characterSize: -1 })).toThrow("tagger characterSize: expected an integer in [0, 65536], got -1");
  const foreign = [{ tokens: ["a"], tags: ["B-ORG"] }];
  expect(() => taggerTask(small(), { training: foreign })).toThrow(
    'tagger tag: expected one of O, B-LOC, I-LOC, B-PER, I-PER, got "B-ORG"',
  );
});
