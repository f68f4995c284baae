/** What the pages name exists: public names, in code and in text, and the places in `adding-things.md`. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { ENTRIES, type EntryName, memberNames, declarationsOfEntry } from "../helpers/declarations.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const docs = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" });
/** Decisions tell history; `docs/api` is made from the code. */
const pages = ["README.md", ...docs.map((name) => `docs/${name}`)].filter(
  (name) => name.endsWith(".md") && !/^docs\/(?:decisions|api)\//.test(name),
);

const entries = new Map<string, ReadonlyMap<string, readonly string[]>>(
  (Object.keys(ENTRIES) as EntryName[]).map((entry) => [entry, declarationsOfEntry(entry).exported]),
);
const publicNames = new Set(
  [...entries.values()].flatMap((names) => [...names.keys(), ...[...names.values()].flat().flatMap(memberNames)]),
);

/** Calls on the pages that are no calls of this package, each by its page and with the reason. */
const NOT_PUBLIC: Readonly<Record<string, string>> = {
  "README.md dispose": "the page says that there is none",
  "docs/adding-things.md addX": "a function of the command that is still to be written",
  "docs/adding-things.md currentEngine": "internal; the page is for contributors",
  "docs/tutorial.md cell.zero_state": "a method of TensorFlow's cells",
  "docs/tutorial.ko.md cell.zero_state": "a method of TensorFlow's cells",
};
/** What begins like this is TensorFlow's; the tutorial compares with it. */
const TENSORFLOW = /^tf\./;

/** Names that a page imports from an entry in its blocks of code: the entry and the name. */
function importsOf(page: string): { entry: string; name: string }[] {
  const blocks = [...read(page).matchAll(/^```(?:ts|js|html)\n(.*?)^```/gms)].map(([, code]) => code);
  return blocks.flatMap((code) =>
    [...code.matchAll(/import (?:type )?\{([^}]*)\} from "(unrolled[^"]*)"/g)].flatMap(([, list, entry]) =>
      list
        .split(",")
        .map(
          (item) =>
            item
              .trim()
              .replace(/^type /, "")
              .split(" as ")[0],
        )
        .filter((name) => name !== "")
        .map((name) => ({ entry, name })),
    ),
  );
}

/** Calls in the text of a page: names in backticks before a parenthesis. */
const callsOf = (page: string): string[] => [
  ...new Set([...read(page).matchAll(/`(?:new |await )?([A-Za-z_$][\w$.]*)\(/g)].map(([, name]) => name)),
];

describe.each(pages)("%s", (page) => {
  test("imports names that the entries export", () => {
    const missing = importsOf(page).filter(({ entry, name }) => entries.get(entry)?.has(name) !== true);
    expect(missing).toEqual([]);
  });

  test("calls functions and methods that exist", () => {
    const missing = callsOf(page).filter(
      (name) =>
        !publicNames.has(name.slice(name.lastIndexOf(".") + 1)) &&
        !TENSORFLOW.test(name) &&
        NOT_PUBLIC[`${page} ${name}`] === undefined,
    );
    expect(missing).toEqual([]);
  });
});

test("the pages import and call something", () => {
  expect(pages.flatMap(importsOf).length).toBeGreaterThan(100);
  expect(pages.flatMap(callsOf).length).toBeGreaterThan(50);
});

test("every exception stands on its page", () => {
  const calls = new Set(pages.flatMap((page) => callsOf(page).map((name) => `${page} ${name}`)));
  expect(Object.keys(NOT_PUBLIC).filter((exception) => !calls.has(exception))).toEqual([]);
});

describe("docs/adding-things.md", () => {
  const page = read("docs/adding-things.md");
  const quoted = [...new Set([...page.matchAll(/`([^`\s]+)`/g)].map(([, text]) => text))];
  const paths = quoted.filter(
    (text) => /^(?:src|test|kernels|docs|examples|scripts)\//.test(text) || /\.(?:ts|md|py)$/.test(text),
  );

  test("names some paths", () => expect(paths.length).toBeGreaterThan(40));

  const files = ["src", "test", "kernels", "docs", "examples"].flatMap((folder) => [
    `${folder}/`,
    ...readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name}`),
  ]);

  /** Whether there is a file for a path in which `x` and `*` stand for any name; one without a folder may lie in any. */
  const exists = (path: string): boolean => {
    const pattern = path.replaceAll(".", "\\.").replaceAll(/\bx\b|\*/g, "[^/]+");
    const whole = new RegExp(`^${path.includes("/") ? "" : "(?:.*/)?"}${pattern}${path.endsWith("/") ? "" : "$"}`);
    return files.some((file) => whole.test(file)) || existsSync(join(root, path));
  };

  test.each(paths)("%s exists", (path) => {
    expect(exists(path)).toBe(true);
  });

  const names = [...page.matchAll(/`(\w+)`(?: or `(\w+)`)? (?:in|of) `([^`\s]+\.ts)`/g)].flatMap(
    ([, first, second, path]) => [first, second].filter(Boolean).map((name) => ({ name, path })),
  );

  test.each(names)("$name is in $path", ({ name, path }) => {
    expect(read(path)).toMatch(new RegExp(`\\b${name}\\b`));
  });

  test("names some things in files", () => expect(names.length).toBeGreaterThan(4));
});
