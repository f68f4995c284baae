/** @file The form of the matrix: a row is a bundler or a host, with the ways in which it is tried. */
import type { Project } from "./project.ts";

/** What `hello.js` says of itself. A run in a worker knows the loss only. */
export type Hello = {
  readonly engine?: string;
  readonly numerics?: string;
  readonly threads?: number;
  readonly running?: number;
  readonly loss: number;
  /** What it has caught itself, where nobody sees a console. */
  readonly warnings?: readonly string[];
};

/** What a way has shown: what the program said, and each line that a user would see as a warning or an error. */
export type Shown = {
  /** Undefined where nothing is run, as for types. */
  readonly hello?: Hello;
  readonly warnings: readonly string[];
};

/** One way to build and run the program. */
export type Way = {
  /** What is built and where it runs, in a few words. */
  readonly what: string;
  /** Builds and runs. Throws where that fails. */
  show(project: Project): Promise<Shown>;
  /** Whether it must run on as many threads as there are processors. Default: on one. */
  readonly threads?: boolean;
  /** The one warning that must be printed. Default: none may be. */
  readonly warns?: RegExp;
  /** What the program must end with, where it can't do what is asked for: a reason, and what to do. Default: it must not end so. */
  readonly refuses?: RegExp;
};

export type Row = {
  /** As on the command line. */
  readonly name: string;
  /** What npm installs, `name@version`. Without any the row takes this project's tools and is quick enough for CI. */
  readonly packages: readonly string[];
  /** The project's files by their paths. `hello.js` and `main.js` are there anyway. */
  readonly files?: Readonly<Record<string, string>>;
  readonly ways: readonly Way[];
};

/** Thrown by a way that cannot be tried on this machine. */
export class NotHere extends Error {}
