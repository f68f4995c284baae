/** @file The options of every public function, read from the declarations of the build. */
import { declarationsOfEntry, ENTRIES, type EntryName } from "./declarations.ts";

export type FunctionOptions = {
  readonly entry: EntryName;
  readonly name: string;
  /** Place of the options among the arguments. */
  readonly index: number;
  readonly options: readonly string[];
};

const types = new Map<string, readonly string[]>();
const functions: (readonly [EntryName, string, readonly string[]])[] = [];
for (const entry of Object.keys(ENTRIES) as EntryName[]) {
  const { exported, mentioned } = declarationsOfEntry(entry);
  for (const [name, texts] of [...mentioned, ...exported]) if (!types.has(name)) types.set(name, texts);
  for (const [name, texts] of exported) functions.push([entry, name, texts]);
}

/** 1 for a bracket that opens, -1 for one that closes, 0 for anything else. */
function depthOf(text: string, at: number): number {
  if ("{[(<".includes(text[at])) return 1;
  return "}])".includes(text[at]) || (text[at] === ">" && text[at - 1] !== "=") ? -1 : 0;
}

/** The parts of a text between separators that no bracket encloses. */
function split(text: string, separator: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let begin = 0;
  for (let i = 0; i < text.length; i++) {
    depth += depthOf(text, i);
    if (depth > 0 || text[i] !== separator) continue;
    parts.push(text.slice(begin, i));
    begin = i + 1;
  }
  return [...parts, text.slice(begin)].map((part) => part.trim()).filter((part) => part !== "");
}

const unique = (names: readonly string[]): string[] => [...new Set(names)];
const strings = (text: string): string[] => [...text.matchAll(/"([^"]+)"/g)].map(([, name]) => name);

/** The names of the properties of a record type; none for any other type. */
function properties(type: string): string[] {
  const text = type.trim().replace(/^readonly /, "");
  for (const separator of ["|", "&"]) {
    const parts = split(text, separator);
    if (parts.length > 1) return unique(parts.flatMap(properties));
  }
  if (text.startsWith("(")) return text.endsWith(")") ? properties(text.slice(1, -1)) : [];
  if (text.startsWith("{"))
    return split(text.slice(1, -1), ";").flatMap((member) => /^(?:readonly )?([\w$]+)\??:/.exec(member)?.[1] ?? []);
  const [, name, list] = /^([\w$]+)(?:<([\s\S]*)>)?$/.exec(text) ?? [];
  if (name === undefined || text.endsWith("[]")) return [];
  const args = list === undefined ? [] : split(list, ",");
  if (name === "Omit") return properties(args[0]).filter((one) => !strings(args[1]).includes(one));
  if (name === "Pick") return strings(args[1]);
  if (name === "Partial" || name === "Optional" || name === "Readonly") return properties(args[0]);
  const declared = types.get(name)?.find((one) => /^(?:export )?(?:declare )?type /.test(one));
  const body = declared === undefined ? undefined : /=([\s\S]*);$/.exec(declared)?.[1];
  return body === undefined ? [] : properties(body);
}

/** The parameters of a function's declaration. */
function parameters(text: string): string[] {
  const interruptible = /: Interruptible<([\s\S]*)>;$/.exec(text);
  if (interruptible !== null)
    return ["model", "input", `options: ${split(interruptible[1], ",")[2]} & { signal: unknown }`];
  const start = text.replace(/^[\s\S]*?(?:function [\w$]+|const [\w$]+: )/, "");
  // types of generic functions come before the parameters
  const list = start.slice(start.startsWith("<") ? closing(start) : 0);
  if (!list.startsWith("(")) return [];
  return split(list.slice(1, closing(list) - 1), ",");
}

/** Place after the bracket that closes the one at the beginning. */
function closing(text: string): number {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    depth += depthOf(text, i);
    if (depth === 0) return i + 1;
  }
  return text.length;
}

/** Place and names of the options in a declaration: the last parameter, where it is a record. */
function optionsOf(text: string): { index: number; options: string[] } | undefined {
  if (!/^(?:export )?(?:declare )?(?:function|const) /.test(text)) return undefined;
  const all = parameters(text);
  const index = all.findLastIndex((one) => /^(?:options|\{)/.test(one));
  if (index < 0) return undefined;
  const [, type] = /^(?:options|\{[\s\S]*?\})\??: ?([\s\S]*)$/.exec(all[index]) ?? [];
  const options = type === undefined ? [] : properties(type);
  return options.length === 0 ? undefined : { index, options };
}

/** Every exported function that takes a record of options. */
export const publicOptions = (): FunctionOptions[] =>
  functions.flatMap(([entry, name, texts]) => {
    const found = texts.map(optionsOf).find((one) => one !== undefined);
    return found === undefined ? [] : [{ entry, name, ...found }];
  });
