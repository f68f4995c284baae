/** @file The public declarations of the package, read from the build's `.d.ts` files. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const dist = fileURLToPath(new URL("../../dist/", import.meta.url));

/** Entries of the package, by their names, and the files of `dist` that declare them. */
export const ENTRIES = {
  unrolled: "index.d.ts",
  "unrolled/tasks": "tasks/index.d.ts",
  "unrolled/import": "import/index.d.ts",
  "unrolled/node": "node/index.d.ts",
} as const;

export type EntryName = keyof typeof ENTRIES;

/** One statement of a declaration file. */
type Statement = { readonly names: readonly string[]; readonly text: string };
/** A name of another file. */
type Link = { readonly file: string; readonly name: string };

type DeclarationFile = {
  readonly statements: readonly Statement[];
  /** Imported and re-exported names. */
  readonly links: ReadonlyMap<string, Link>;
  /** Names that are exported under another name. */
  readonly renamed: ReadonlyMap<string, string>;
  /** Files whose names are all exported. */
  readonly all: readonly string[];
};

/** Comments, strings and templates, of which only comments are dropped. */
const COMMENT_OR_TEXT = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`)/g;

/** The statements of a file: each ends at a semicolon or, as a class does, at a brace. */
function statementsOf(source: string): string[] {
  const code = source.replaceAll(COMMENT_OR_TEXT, (_, text?: string) => text ?? "");
  const statements: string[] = [];
  let depth = 0;
  let begin = 0;
  for (let i = 0; i < code.length; i++) {
    if ("{[(".includes(code[i])) depth++;
    if ("}])".includes(code[i])) depth--;
    if (depth > 0 || !";}".includes(code[i])) continue;
    const text = code.slice(begin, i + 1).trim();
    const hasBody = /^(?:export )?(?:declare )?(?:abstract )?(?:class|interface|enum|namespace) /.test(text);
    if (code[i] === "}" && !hasBody) continue;
    begin = i + 1;
    statements.push(text);
  }
  return statements;
}

/** Lines without the private parts of classes and without blank lines. */
const publicLines = (text: string): string =>
  text
    .split("\n")
    .filter((line) => line.trim() !== "" && !/^\s*(?:#private;|private )/.test(line))
    .join("\n");

const files = new Map<string, DeclarationFile>();

function declarationFile(file: string): DeclarationFile {
  const known = files.get(file);
  if (known !== undefined) return known;
  if (!existsSync(file)) throw new Error(`${file}: expected a file. Run npm run build first`);
  const statements: Statement[] = [];
  const links = new Map<string, Link>();
  const renamed = new Map<string, string>();
  const all: string[] = [];
  for (const text of statementsOf(readFileSync(file, "utf8"))) {
    const list = /^(import|export) (?:type )?(?:\{([^}]*)\}|\*)(?: from "([^"]+)")?;$/.exec(text);
    if (list === null) {
      const [, name] =
        /^(?:export )?(?:declare )?(?:abstract )?(?:function|const|let|class|interface|type|enum|namespace) ([\w$]+)/.exec(
          text,
        ) ?? [];
      if (name !== undefined) statements.push({ names: [name], text: publicLines(text) });
      continue;
    }
    const [, word, names, from] = list;
    const target = from?.startsWith(".") ? join(dirname(file), from.replace(/\.(?:ts|js)$/, ".d.ts")) : undefined;
    if (names === undefined && target !== undefined) all.push(target);
    for (const item of (names ?? "").split(",").map((one) => one.trim().replace(/^type /, ""))) {
      if (item === "") continue;
      const [name, as = name] = item.split(" as ");
      if (target !== undefined) links.set(as, { file: target, name });
      else if (word === "export" && as !== name) renamed.set(as, name);
    }
  }
  const read = { statements, links, renamed, all };
  files.set(file, read);
  return read;
}

/** A declaration and the file that has it. */
type Place = { readonly file: string; readonly text: string };

/** The declarations of a name that a file has or passes on, as they stand there. */
function declarationsOf(file: string, name: string): Place[] {
  const { statements, links, renamed, all } = declarationFile(file);
  const local = renamed.get(name) ?? name;
  const here = statements.filter(({ names }) => names.includes(local));
  if (here.length > 0) return here.map(({ text }) => ({ file, text }));
  const link = links.get(local);
  if (link !== undefined) return declarationsOf(link.file, link.name);
  return all.flatMap((other) => declarationsOf(other, name));
}

/** The names that a file exports. */
function namesOf(file: string): string[] {
  const { statements, links, renamed, all } = declarationFile(file);
  const here = statements.filter(({ text }) => text.startsWith("export ")).flatMap(({ names }) => names);
  return [...here, ...links.keys(), ...renamed.keys(), ...all.flatMap(namesOf)];
}

/** Declarations by name, in the order of the alphabet. */
export type Declarations = ReadonlyMap<string, readonly string[]>;

const textsOf = (places: ReadonlyMap<string, readonly Place[]>): Declarations =>
  new Map([...places.keys()].toSorted().map((name) => [name, (places.get(name) ?? []).map(({ text }) => text)]));

function exportsOf(entry: EntryName): ReadonlyMap<string, readonly Place[]> {
  const file = join(dist, ENTRIES[entry]);
  return new Map(
    namesOf(file).map((name) => {
      const places = declarationsOf(file, name);
      if (places.length === 0) throw new Error(`${entry}: expected a declaration of ${name}, got none`);
      return [name, places] as const;
    }),
  );
}

/**
 * The declarations of an entry's public names, and those of the types that these mention and that
 * no entry exports, such as options.
 */
export function declarationsOfEntry(entry: EntryName): {
  readonly exported: Declarations;
  readonly mentioned: Declarations;
} {
  const exported = exportsOf(entry);
  const everywhere = (Object.keys(ENTRIES) as EntryName[]).map(exportsOf);
  const isExported = new Set(everywhere.flatMap((places) => [...places.values()].flat().map(({ text }) => text)));
  const mentioned = new Map<string, readonly Place[]>();
  const waiting = [...exported.values()].flat();
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    for (const [name] of place.text.matchAll(/\b[A-Z]\w*/g)) {
      const known = mentioned.get(name) ?? [];
      const more = declarationsOf(place.file, name).filter(
        ({ text }) => !isExported.has(text) && !known.some((other) => other.text === text),
      );
      if (more.length === 0) continue;
      mentioned.set(
        name,
        [...known, ...more].toSorted((a, b) => (a.text < b.text ? -1 : 1)),
      );
      waiting.push(...more);
    }
  }
  return { exported: textsOf(exported), mentioned: textsOf(mentioned) };
}

/** Names of the members, parameters and options in a declaration. */
export const memberNames = (declaration: string): string[] =>
  [...declaration.matchAll(/([\w$]+)\??(?:<[^>(]*>)?[(:]/g)].map(([, name]) => name);
