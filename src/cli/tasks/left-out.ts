/** @file Files that can't be read, which `--skip-bad` leaves out. */
import { DataError, FormatError } from "unrolled";
import { plural } from "../terminal/format.ts";
import { warn } from "../terminal/output.ts";

/** Reasons that are printed. */
const SHOWN = 3;

/** Counts what is left out. `noun` is one of them, such as "picture". */
export class LeftOut {
  readonly #isOn: boolean;
  readonly #noun: string;
  readonly #reasons: string[] = [];
  readonly #all = new Set<string>();

  constructor(noun: string, isOn: boolean) {
    this.#noun = noun;
    this.#isOn = isOn;
  }

  /**
   * Reads the file `name`. Gives undefined where it is left out; throws what `read` throws where
   * none is, with the option that would leave it out.
   */
  async take<R>(name: string, read: () => R | Promise<R>): Promise<R | undefined> {
    this.#all.add(name);
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof DataError || error instanceof FormatError)) throw error;
      if (!this.#isOn) throw new DataError(`${error.message}. --skip-bad leaves such files out`, { cause: error });
      this.#reasons.push(error.message);
      return undefined;
    }
  }

  /** Prints how many were left out, with the first reasons; nothing where there are none. */
  say(): void {
    const count = this.#reasons.length;
    if (count === 0) return;
    const more = count > SHOWN ? `; and ${count - SHOWN} more` : "";
    const reasons = this.#reasons.slice(0, SHOWN).join("; ");
    warn(`unrolled: ${count} of ${plural(this.#all.size, this.#noun)} left out: ${reasons}${more}`);
  }
}
