/** @file The pictures of `predict --plot`, one for each answer. */
import { writeFileSync } from "node:fs";
import { warn } from "../terminal/output.ts";

/** Writes pictures to `file` and, from the second input on, to names with numbers: "name-2.svg". */
export class Plots {
  readonly #file: string;
  readonly #written: string[] = [];

  constructor(file: string) {
    this.#file = file;
  }

  /** The picture of the input at `index`, counted from 0. */
  write(picture: string, index: number): void {
    const name = index === 0 ? this.#file : this.#file.replace(/\.svg$/i, `-${index + 1}.svg`);
    writeFileSync(name, picture);
    this.#written.push(name);
  }

  /** Prints the names where there are several: only one of them was typed. */
  say(): void {
    const [first, ...others] = this.#written;
    if (others.length === 0) return;
    const last = others.length === 1 ? "" : ` to ${others[others.length - 1]}`;
    warn(`unrolled: pictures are in ${first} and ${others[0]}${last}`);
  }
}
