/** What the built command prints of names and values from strangers' files: nothing of it acts on the terminal, and JSON keeps it. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { commandFolder, type Result } from "../helpers/cli.ts";
import type { SavedModel } from "../../src/index.ts";
import { saveModel } from "../../src/node/index.ts";
import { classifier, tagger } from "../../src/tasks/index.ts";
import { decodeNative, encodeNative } from "../../src/formats/index.ts";

const { file, run } = commandFolder("hostile");

const ESCAPES = "\u001b]0;PWNED\u0007\u009b31m\u007f\u202e";
/** What no output may hold, but line breaks and tabs. */
// oxlint-disable-next-line no-control-regex -- that is what it is about
const ACTS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;

const unrolled = (args: readonly string[], flags: readonly string[] = []): Result => run(args, { flags });

const classModel = (): SavedModel =>
  classifier({
    examples: [
      { input: "good day", label: `one${ESCAPES}` },
      { input: "bad day", label: `two${ESCAPES}` },
    ],
    hiddenSize: 2,
  });

beforeAll(() => {
  saveModel(classModel(), file("classes"));
  const examples = [{ tokens: ["a", "b"], tags: ["O", `B-${ESCAPES}`] }];
  saveModel(tagger({ examples, hiddenSize: 2 }), file("tags"));
  const { kind, config, arrays } = decodeNative(readFileSync(join(file("classes"), "model.safetensors")));
  const renamed = Object.fromEntries(Object.entries(arrays).map(([name, array]) => [`${name}${ESCAPES}`, array]));
  const strange = { ...(config as object), [`a${ESCAPES}`]: ESCAPES } as never;
  writeFileSync(file("renamed.safetensors"), encodeNative({ kind, config, arrays: renamed }));
  writeFileSync(file("strange.safetensors"), encodeNative({ kind, config: strange, arrays }));
  // as long as the kind that was there, so that no offset changes
  const header = readFileSync(join(file("classes"), "model.safetensors"), "latin1");
  expect(header).toContain("classifier");
  writeFileSync(file("kind.safetensors"), header.replace("classifier", String.raw`\u001b[1mx`), "latin1");
  writeFileSync(file("texts.csv"), `text,label\ngood day,one${ESCAPES}\nbad day,two${ESCAPES}\n`);
  writeFileSync(file("wrong.csv"), `text,label\ngood day,three${ESCAPES}\n`);
  writeFileSync(file(`name${ESCAPES}.csv`), `text,label\nx,y\n`);
  writeFileSync(file("some.conll"), `a\tO\nb\tB-${ESCAPES}\n\n`);
  writeFileSync(file("other.conll"), `a\tO\nb\tB-X${ESCAPES}\n\n`);
});

describe("nothing that acts on the terminal is printed", () => {
  const rows: readonly (readonly string[])[] = [
    ["inspect", "classes"],
    ["inspect", "tags"],
    ["inspect", "renamed.safetensors"],
    ["inspect", "strange.safetensors"],
    ["inspect", "kind.safetensors"],
    ["inspect", "classes", "--json"],
    ["inspect", "strange.safetensors", "--json"],
    ["predict", "classes", "texts.csv"],
    ["predict", "classes", "texts.csv", "--json"],
    ["predict", "tags", "some.conll", "--json"],
    ["predict", "renamed.safetensors", "texts.csv"],
    ["predict", "strange.safetensors", "texts.csv"],
    ["predict", "classes", `name${ESCAPES}.csv`],
    ["predict", "tags", "some.conll"],
    ["evaluate", "classes", "texts.csv"],
    ["evaluate", "classes", "wrong.csv"],
    ["evaluate", "classes", `name${ESCAPES}.csv`],
    ["evaluate", "tags", "other.conll"],
    ["train", "texts.csv", "--task", "classify", "--dry-run"],
    ["train", "texts.csv", "--task", "classify", "--out", `out${ESCAPES}`, "--steps", "2", "--validation", "0"],
    ["train", `missing${ESCAPES}.csv`, "--task", "classify"],
    ["train", "some.conll", "--task", "tag", "--dry-run"],
    ["inspect", `missing${ESCAPES}`],
    ["compare", `missing${ESCAPES}`],
  ];

  test.each(rows)("%j", (...args) => {
    const { stdout, stderr, status } = unrolled(args.filter((word) => typeof word === "string"));
    expect(status).not.toBeNull();
    expect(stdout + stderr).not.toBe("");
    expect(stdout.match(ACTS)).toBeNull();
    expect(stderr.match(ACTS)).toBeNull();
  });

  test("and a program gets it as it is", () => {
    const { stdout } = unrolled(["predict", "classes", "texts.csv", "--json"]);
    const [first] = stdout.split("\n");
    const { probabilities } = JSON.parse(first) as { readonly probabilities: Readonly<Record<string, number>> };
    expect(Object.keys(probabilities)).toEqual([`one${ESCAPES}`, `two${ESCAPES}`]);
  });
});

describe("pictures", () => {
  beforeAll(() => writeFileSync(file("text.txt"), "the whale saw a big ship. ".repeat(80)));
  const train = (out: string, flag: string): Result =>
    unrolled(
      ["train", "text.txt", "--out", out, "--steps", "3", "--hidden-size", "4", "--batch-size", "4", "--quiet"],
      [flag],
    );

  test.each([
    ["code generation", "--disallow-code-generation-from-strings"],
    ["__proto__", "--disable-proto=throw"],
  ])("need no %s", (_what, flag) => {
    const { status, stderr } = train("strict", flag);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(existsSync(join(file("strict"), "curves.svg"))).toBe(true);
    rmSync(file("strict"), { recursive: true });
  });

  test("that fail do not fail a finished run: a directory stands in the place of one", () => {
    mkdirSync(join(file("blocked"), "curves.svg"), { recursive: true });
    const { status, stderr } = train("blocked", "--no-warnings");
    expect(stderr).toMatch(/^unrolled train: curves\.svg could not be written: /);
    expect(status).toBe(0);
    expect(existsSync(join(file("blocked"), "README.md"))).toBe(true);
  });
});

test("all that commands print goes through output.ts", () => {
  const src = fileURLToPath(new URL("../../src/cli", import.meta.url));
  // hello and completion print their own text, the status line and output.ts are where it is escaped
  const exempt = new Set(["output.ts", "status.ts", "status-line.ts", "hello.ts", "completion-options.ts"]);
  const found = readdirSync(src, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && !exempt.has(basename(name)))
    .filter((name) => /console\.|std(out|err)\.write/.test(readFileSync(join(src, name), "utf8")));
  expect(found).toEqual([]);
});
