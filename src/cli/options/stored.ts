/**
 * @file Options in `config.json`: how they are stored, checked when they are read, and compared
 * when a run is resumed.
 */
import type { Command } from "commander";
import type { OptionValue } from "unrolled/node";
import { UsageError } from "../terminal/failure.ts";
import { type OptionTable, typedFlagOf } from "./table.ts";

type Values = Readonly<Record<string, unknown>>;

/** Whether an option was given on the command line, not by a default. */
export const isTyped = (command: Command, name: string): boolean => command.getOptionValueSource(name) === "cli";

/** The option as it is typed, such as `--batch-size`. */
export const typedFlag = (table: OptionTable, name: string): string =>
  table[name] === undefined ? name : typedFlagOf(name, table[name]);

/** Options of a run that are stored in its configuration. */
export function toStored(options: Values, table: OptionTable): Readonly<Record<string, OptionValue>> {
  const entries = Object.entries(table).flatMap(([name, { stored }]) => {
    const value = options[name];
    if (stored === "no" || value === undefined) return [];
    return [[name, value === Infinity ? "off" : (value as OptionValue)] as const];
  });
  return Object.fromEntries(entries);
}

/** The options of a configuration, checked as if they had been typed. Throws UsageError. */
export function fromStored(stored: Readonly<Record<string, OptionValue>>, table: OptionTable): Values {
  return Object.fromEntries(
    Object.entries(stored).map(([name, value]) => {
      const current = Object.keys(table).find(
        (one) => (one === name || table[one].formerly === name) && table[one].stored !== "no",
      );
      if (current === undefined) throw new UsageError(`config.json: options: expected no "${name}"`);
      const row = table[current];
      const where = `config.json: options.${name}`;
      // the former name of what is on unless it is said to be off was that of its contrary
      return [current, row.isNegated === true && current !== name ? value !== true : valueOf(where, row, value)];
    }),
  );
}

/**
 * Values of options that a configuration doesn't have because it was written before there were
 * these options.
 */
export const beforeOptions = (table: OptionTable): Values =>
  Object.fromEntries(
    Object.entries(table).flatMap(([name, { before }]) => (before === undefined ? [] : [[name, before]])),
  );

function valueOf(where: string, { placeholder, choices, parse }: OptionTable[string], value: OptionValue): unknown {
  const wrong = (expected: string): UsageError =>
    new UsageError(`${where}: expected ${expected}, got ${JSON.stringify(value)}`);
  if (placeholder === undefined) {
    if (typeof value !== "boolean") throw wrong("true or false");
    return value;
  }
  if (choices !== undefined && !choices.includes(String(value))) throw wrong(choices.join(", "));
  try {
    return parse(String(value));
  } catch (error) {
    // commander's sentences: "Expected an integer >= 1."
    throw wrong((error as Error).message.replace(/^Expected |\.$/g, ""));
  }
}

/**
 * Throws UsageError for an option that was typed although the run that is resumed has it
 * differently.
 */
export function refuseChanges(stored: Values, options: Values, table: OptionTable, command: Command): void {
  for (const [name, { stored: rule = "same" }] of Object.entries(table)) {
    if (rule !== "same" || !isTyped(command, name) || options[name] === stored[name]) continue;
    refuse(table, name, stored[name], options[name], "the run that is resumed");
  }
}

/** Throws the UsageError that an option differs from what it has to be. */
export function refuse(table: OptionTable, name: string, expected: unknown, got: unknown, as: string): never {
  const shown = (value: unknown): string => (value === Infinity ? "off" : String(value ?? "none"));
  throw new UsageError(`${typedFlag(table, name)}: expected ${shown(expected)}, as in ${as}, got ${shown(got)}`);
}
