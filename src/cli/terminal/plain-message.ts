/** @file The library's errors in the words of the command line. */
import { existsSync } from "node:fs";
import * as core from "unrolled";
import * as node from "unrolled/node";
import * as tasks from "unrolled/tasks";
import { flagOf } from "../options/table.ts";

/** `name: …`, or `name option: …`. */
const START = /^([a-z]\w*)(?: ([a-z]\w*))?: (?=expected )/;

const functions = new Set([core, tasks, node].flatMap((entry) => Object.keys(entry)));

/** Whether a message begins with a function's name, and not with that of a file. */
const isFunction = (word: string): boolean => (functions.has(word) || /^[a-z]+[A-Z]/.test(word)) && !existsSync(word);

/**
 * A message without the name of the function that the library was called with. Options are those of
 * the command, where they are among `flags`.
 */
export function plainMessage(message: string, flags: readonly string[] = []): string {
  return withoutFunction(message, flags).replaceAll(/(?<![\w"./-])[a-z]+[A-Z]\w*(?![\w"./-])/g, (word) =>
    flags.includes(flagOf(word)) ? flagOf(word) : word,
  );
}

function withoutFunction(message: string, flags: readonly string[]): string {
  const [all, name, option] = START.exec(message) ?? [];
  if (all === undefined || !isFunction(name)) return message;
  const rest = message.slice(all.length);
  if (option === undefined) return rest;
  const flag = flagOf(option);
  return `${flags.includes(flag) ? flag : option}: ${rest}`;
}
