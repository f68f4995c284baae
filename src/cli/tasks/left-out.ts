/** @file Files and rows that can't be read, which `--skip-bad` leaves out. */
import { DataError, FormatError } from "unrolled";
import { MissingColumnError } from "unrolled/node";
import { plural } from "../terminal/format.ts";
import { warn } from "../terminal/output.ts";
import { plainMessage } from "../terminal/plain-message.ts";

/** Reasons that are printed. */
const SHOWN = 3;

/** Counts what is left out. `noun` is one of them, such as "picture". */
export class LeftOut {
  readonly #isOn: boolean;
  readonly #noun: string;
  readonly #reasons: string[] = [];
  readonly #names = new Set<string>();
  #rows = 0;

  constructor(noun: string, isOn: boolean) {
    this.#noun = noun;
    this.#isOn = isOn;
  }

  /**
   * Reads the file `name`. Gives undefined where it is left out; throws what `read` throws where
   * none is, with the option that would leave it out.
   */
  async take<R>(name: string, read: () => R | Promise<R>): Promise<R | undefined> {
    this.#names.add(name);
    try {
      return await read();
    } catch (error) {
      this.#add(error, "files");
      return undefined;
    }
  }

  /** Reads one of many rows, as `take` reads a file. */
  takeRow<R>(read: () => R): R | undefined {
    this.#rows++;
    try {
      return read();
    } catch (error) {
      this.#add(error, "rows");
      return undefined;
    }
  }

  /** Counts a row that can't be read, as `readRecords` finds it, or throws the error. */
  readonly onBad = (error: DataError): void => {
    this.#rows++;
    this.#add(error, "rows");
  };

  /** Leaves out what the error is about, or throws it with the option that would. */
  #add(error: unknown, what: "files" | "rows"): void {
    if (!(error instanceof DataError || error instanceof FormatError) || error instanceof MissingColumnError)
      throw error;
    if (!this.#isOn) throw new DataError(`${error.message}. --skip-bad leaves such ${what} out`, { cause: error });
    this.#reasons.push(plainMessage(error.message));
  }

  /** Reasons of what was left out, in one line; empty where nothing was. */
  get reasons(): string {
    return reasonsOf(this.#reasons);
  }

  /**
   * Prints how many were left out, with the first reasons; nothing where there are none. Throws
   * DataError where nothing is left over.
   */
  say(): void {
    const count = this.#reasons.length;
    if (count === 0) return;
    const all = this.#names.size + this.#rows;
    if (count >= all)
      throw new DataError(`expected at least one ${this.#noun} that can be read, got none of ${all}: ${this.reasons}`);
    warn(`unrolled: ${count} of ${plural(all, this.#noun)} left out: ${this.reasons}`);
  }
}

/** The first of the reasons, each once, in one line. */
export function reasonsOf(reasons: readonly string[]): string {
  const different = [...new Set(reasons)];
  const more = different.length > SHOWN ? `; and ${different.length - SHOWN} more` : "";
  return different.slice(0, SHOWN).join("; ") + more;
}
