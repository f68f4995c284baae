/** @file Warning about input that a model has never seen. */
import type { Normalization } from "unrolled";
import type { Classifier } from "unrolled/tasks";
import { plural } from "../terminal/format.ts";
import { warn } from "../terminal/output.ts";

/** Share of words from which it is worth a warning; a model of words expects some. */
const MANY_WORDS = 0.5;

/** Characters or words that are named. */
const NAMED = 5;

/**
 * Counts what a model does not know in all of its input. Characters are told if there are any,
 * words if they are more than half.
 */
export class UnknownInput {
  readonly #unit: "character" | "word";
  readonly #found = new Map<string, number>();
  #all = 0;
  #unknown = 0;
  #isSaid = false;

  constructor(unit: "character" | "word") {
    this.#unit = unit;
  }

  /** Counts the characters or words of a text. */
  add(parts: Iterable<string>, isKnown: (part: string) => boolean): void {
    for (const part of parts) {
      this.#all++;
      if (isKnown(part)) continue;
      this.#unknown++;
      this.#found.set(part, (this.#found.get(part) ?? 0) + 1);
    }
  }

  /** The warning, or undefined where there is nothing to tell. */
  message(): string | undefined {
    const isMuch = this.#unit === "word" ? this.#unknown > MANY_WORDS * this.#all : this.#unknown > 0;
    if (!isMuch) return undefined;
    const names = [...this.#found].toSorted(([, a], [, b]) => b - a).slice(0, NAMED);
    const more = this.#found.size > names.length ? ` and ${this.#found.size - names.length} more` : "";
    const named = names.map(([name]) => JSON.stringify(name)).join(", ");
    const verb = this.#unknown === 1 ? "is" : "are";
    return `${this.#unknown} of ${plural(this.#all, this.#unit)} of the input ${verb} not known to the model, which may answer anything: ${named}${more}`;
  }

  /** Prints the warning, once. */
  say(): void {
    const message = this.message();
    if (message === undefined || this.#isSaid) return;
    this.#isSaid = true;
    warn(`unrolled: ${message}`);
  }
}

/** Characters of a text by code points, without white space, in the Unicode form of a model. */
export const charactersOf = (text: string, normalize: Normalization = "none"): string[] => [
  ...inForm(text, normalize).replaceAll(/\s+/gu, ""),
];

const inForm = (text: string, normalize: Normalization): string =>
  normalize === "none" ? text : text.normalize(normalize.toUpperCase());

/** Words as a vocabulary cuts them, without the punctuation. */
const wordsOf = (text: string): string[] =>
  (text.match(/[\p{L}\p{N}\p{M}_'’]+/gu) ?? [])
    .map((word) => word.replace(/^['’]+/, "").replace(/(?<!['’])['’]+$/, ""))
    .filter((word) => word !== "");

/** Watches the texts that a classifier reads. Numbers, pictures and bytes are all known. */
export function watchTexts({ reader: { config }, vocabulary }: Classifier): (text: unknown) => UnknownInput {
  const unit = vocabulary?.unit === "word" ? "word" : "character";
  const unknown = new UnknownInput(unit);
  const isLowercase = config.kind === "text" && config.lowercase;
  return (text) => {
    if (typeof text !== "string" || vocabulary === undefined || vocabulary.unit === "byte") return unknown;
    const shown = inForm(isLowercase ? text.toLowerCase() : text, vocabulary.normalize);
    const parts = unit === "word" ? wordsOf(shown) : charactersOf(shown);
    unknown.add(parts, (part) => vocabulary.has(part));
    return unknown;
  };
}
