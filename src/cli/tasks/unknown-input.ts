/** @file Warning about input that a model has never seen. */
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

/** Characters of a text by code points, without white space. */
export const charactersOf = (text: string): string[] => [...text.replaceAll(/\s+/gu, "")];
