/** @file Markdown and YAML of model cards. */
import { dataHash, type DataFile } from "./run-data.ts";
import type { RunMaker, RunPart } from "./run-maker.ts";

/** More files than this are not listed but counted; `config.json` lists them all. */
export const MOST_FILES = 10;

export function dataTable(data: readonly DataFile[]): string {
  const head = ["file", "bytes", "SHA-256"];
  if (data.length <= MOST_FILES) {
    const rows = data.map(({ path, bytes, sha256 }) => [path, count(bytes), sha256]);
    return `The data, in this order:\n\n${table(head, rows)}`;
  }
  const row = [`${count(data.length)} files`, count(bytesOf(data)), dataHash(data)];
  return `The data is listed in \`config.json\`; the hash here is that of the files' hashes.\n\n${table(head, [row])}`;
}

export const bytesOf = (data: readonly DataFile[]): number => data.reduce((total, { bytes }) => total + bytes, 0);

/** 1234567 -> "1,234,567". Not by Intl, whose first number takes 15 ms. */
export const count = (n: number): string => String(Math.round(n)).replaceAll(/\B(?=(?:\d{3})+(?!\d))/g, ",");
export const plural = (n: number, noun: string): string => `${count(n)} ${noun}${n === 1 ? "" : "s"}`;
export const real = (x: number): string => x.toFixed(Math.abs(x) < 100 ? 4 : 1);

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map((row) => line(row.map(markdown)))].join("\n");
}

/** Rows of a table that say by what a run was trained, part by part. */
export function makerRows(maker: RunMaker, continued: readonly RunPart[] = []): string[][] {
  const software = ({ unrolled, node, platform }: RunMaker): string =>
    `unrolled ${unrolled}, Node ${node}, ${platform}`;
  const engine = (one: RunMaker): string => `${one.engine}, numerics ${one.numerics}, ${plural(one.threads, "thread")}`;
  return [
    ["started", maker.started],
    ["trained with", software(maker)],
    ["engine", engine(maker)],
    ...continued.map((part) => [`after step ${count(part.step)}`, `${software(part)}; ${engine(part)}`]),
  ];
}

/** Text that means nothing in Markdown, in one line. */
export const markdown = (text: string): string =>
  oneLine(text).replaceAll(/[\\`*_{}[\]<>|#~!&]/g, (sign) => `\\${sign}`);

/** Line breaks and other control characters become spaces. */
const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();

/** A block of code, within a fence that is longer than any in it. */
export function fenced(code: string, language: string): string {
  const longest = Math.max(2, ...Array.from(code.matchAll(/`+/g), ([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${code}\n${fence}`;
}

type Yaml = string | number | undefined | readonly Yaml[] | { readonly [key: string]: Yaml };

/** YAML in block style, from objects and lists. Members that are undefined are left out. */
export function yaml(value: { readonly [key: string]: Yaml }, indent = ""): string {
  return Object.entries(value)
    .map(([key, member]) => (member === undefined ? "" : `${indent}${key}:${yamlMember(member, indent)}`))
    .join("");
}

function yamlMember(value: Yaml, indent: string): string {
  if (typeof value !== "object") return ` ${yamlScalar(value)}\n`;
  if (!isList(value)) return `\n${yaml(value, `${indent}  `)}`;
  if (value.length === 0) return " []\n";
  const items = value.map((item) => {
    if (typeof item !== "object" || isList(item)) return `${indent}  - ${yamlScalar(item as string)}\n`;
    // the first member stands beside the dash
    const inner = `${indent}    `;
    return `${indent}  - ${yaml(item, inner).slice(inner.length)}`;
  });
  return `\n${items.join("")}`;
}

const isList = (value: Yaml): value is readonly Yaml[] => Array.isArray(value);

/**
 * Text in double quotes, unless it is a plain word: so no "no", no "1", no colon and no line break
 * has a meaning.
 */
function yamlScalar(value: string | number | undefined): string {
  if (typeof value !== "string") return String(value);
  if (/^[a-z][a-z-]{4,}$/.test(value) && value !== "false") return value;
  // what YAML forbids and JSON does not
  return JSON.stringify(value).replaceAll(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
