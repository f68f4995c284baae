/**
 * @file Tables of options. A row gives an option's flag with its help, its TypeScript type, its
 * default, the check of what `config.json` has of it, and whether a resumed run may have it
 * differently.
 */
import { type Command, Option } from "commander";
import { integer as parseInteger, norm as parseNorm, number as parseNumber } from "./values.ts";

/** Treatment of an option when a run is stored and resumed. */
export type Stored =
  /** Stored; a resumed run must have it as it was. The default. */
  | "same"
  /** Stored; a resumed run may change it. */
  | "free"
  /** Not stored: it says where the run is and how the command works. */
  | "no";

type Settings<T> = {
  /** Value where none is given. Default: none, and the option is optional. */
  readonly default?: T;
  readonly stored?: Stored;
  /** Name that the option had in configurations of before. */
  readonly formerly?: string;
  /** Value of the runs whose configuration was written before there was this option. */
  readonly before?: T;
};

/** One option. `T` is the type of its value. */
export type OptionRow<T> = Settings<T> & {
  readonly help: string;
  /** One letter, such as "q" for `-q`. Default: none. */
  readonly short?: string;
  /** Stands for the value in the help, such as "n". Undefined for options without a value. */
  readonly placeholder: string | undefined;
  /** Reads the text that was typed. Throws InvalidArgumentError. */
  readonly parse: (text: string) => T;
  readonly choices?: readonly string[];
  /** Whether the flag says no: `--no-x`, where the default is yes. */
  readonly isNegated?: boolean;
};

type AnyRow = OptionRow<unknown>;

/** Options by their names in the library, such as `hiddenSize`, in the order of the help. */
export type OptionTable = Readonly<Record<string, AnyRow>>;

type ValueOf<Row extends AnyRow> = ReturnType<Row["parse"]>;

/**
 * Values of the options of a table, as they were parsed. Those without a default may be missing.
 */
export type OptionsOf<Table extends OptionTable> = {
  readonly [Name in keyof Table as Table[Name] extends { readonly default: unknown } ? Name : never]: ValueOf<
    Table[Name]
  >;
} & {
  readonly [Name in keyof Table as Table[Name] extends { readonly default: unknown } ? never : Name]?: ValueOf<
    Table[Name]
  >;
};

/** A row whose type remembers whether it has a default. */
type RowOf<T, S> = OptionRow<T> & (S extends { readonly default: T } ? { readonly default: T } : unknown);

const rowOf = <T, S extends Settings<T>>(
  help: string,
  placeholder: string | undefined,
  parse: (text: string) => T,
  settings: S,
): RowOf<T, S> => ({ ...settings, help, placeholder, parse }) as RowOf<T, S>;

type Range = { readonly min?: number; readonly max?: number };

/** A whole number, from `min` (default 1). */
export const integer = <const S extends Settings<number> & Range>(
  help: string,
  { min = 1, max, ...settings }: S,
): RowOf<number, S> => rowOf(help, "n", parseInteger(min, max), settings as unknown as S);

/** A number, from `min` (default 0). */
export const number = <const S extends Settings<number> & Range>(
  help: string,
  { min = 0, max, ...settings }: S,
): RowOf<number, S> => rowOf(help, "x", parseNumber(min, max), settings as unknown as S);

/** A norm; "off" and 0 stand for none, which is Infinity. */
export const norm = <const S extends Settings<number>>(help: string, settings: S): RowOf<number, S> =>
  rowOf(help, "x", parseNorm, settings);

/** Text of any kind; `placeholder` tells which: "name", "dir", "file". */
export const text = <const S extends Settings<string> & { readonly parse?: (text: string) => string }>(
  placeholder: string,
  help: string,
  { parse = (typed) => typed, ...settings }: S,
): RowOf<string, S> => rowOf(help, placeholder, parse, settings as unknown as S);

/** One of a few words. */
export const choice = <const C extends string, const S extends Settings<C>>(
  choices: readonly C[],
  help: string,
  settings: S,
): RowOf<C, S> => ({ ...rowOf(help, "name", (typed) => typed as C, settings), choices });

/** An option without a value, which is off where it is not given. */
export const flag = (
  help: string,
  settings: Omit<Settings<true>, "default"> & Pick<OptionRow<true>, "short"> = {},
): OptionRow<true> => rowOf(help, undefined, () => true as const, settings);

/** An option that is on unless `--no-x` is given. */
export const onUnless = (
  help: string,
  settings: Omit<Settings<boolean>, "default"> = {},
): OptionRow<boolean> & { readonly default: boolean } => ({
  ...rowOf(help, undefined, (typed) => typed === "true", { ...settings, default: true as boolean }),
  isNegated: true,
});

/** "hiddenSize" -> "--hidden-size". */
export const flagOf = (name: string): string =>
  `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** Flag as it is typed: "--hidden-size", "--no-bidirectional". */
export const typedFlagOf = (name: string, { isNegated = false }: AnyRow): string =>
  isNegated ? flagOf(name).replace("--", "--no-") : flagOf(name);

/** The option as commander wants it. */
export function optionOf(name: string, row: AnyRow, value: unknown = row.default): Option {
  const { help, short, placeholder, choices, parse, isNegated = false } = row;
  const option = new Option(
    `${short === undefined ? "" : `-${short}, `}${typedFlagOf(name, row)}${placeholder === undefined ? "" : ` <${placeholder}>`}`,
    help,
  );
  if (choices !== undefined) option.choices(choices);
  else if (placeholder !== undefined) option.argParser(parse);
  return isNegated ? option : option.default(value);
}

/** Declares the options of a table; `defaults` stand in for its own. */
export function declareOptions(
  command: Command,
  table: OptionTable,
  defaults: Readonly<Record<string, unknown>> = {},
): Command {
  for (const [name, row] of Object.entries(table))
    command.addOption(optionOf(name, row, defaults[name] ?? row.default));
  return command;
}
