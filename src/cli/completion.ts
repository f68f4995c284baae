/** @file Scripts that complete `unrolled` in a shell, from the list of commands and options that commander has. */
import type { Command, Option } from "commander";
import type { Shell } from "./completion-options.ts";

/** What can stand in a place: one of some words, a file, or what nobody can guess. */
type Values = readonly string[] | "file" | "other";

type Switch = {
  /** With its dashes. */
  readonly name: string;
  readonly text: string;
  /** Undefined when it takes no value. */
  readonly values: Values | undefined;
};

type Entry = {
  readonly name: string;
  readonly text: string;
  readonly switches: readonly Switch[];
  /** Its arguments; undefined when it has none. */
  readonly values: Values | undefined;
};

export function completion(shell: Shell, program: Command): string {
  const entries = [...program.commands.map(entryOf), helpEntry(program)];
  return { bash, zsh, fish }[shell](entries);
}

function entryOf(command: Command): Entry {
  const [argument] = command.registeredArguments;
  return {
    name: command.name(),
    text: command.description(),
    switches: command.createHelp().visibleOptions(command).map(switchOf),
    values: argument && (argument.argChoices ?? "file"),
  };
}

const switchOf = ({ long, description, argChoices, required, flags }: Option): Switch => ({
  name: long ?? flags,
  text: description,
  values: required ? (argChoices ?? (/<(?:dir|file)>$/.test(flags) ? "file" : "other")) : undefined,
});

const helpEntry = (program: Command): Entry => ({
  name: "help",
  text: "Show the help of a command.",
  switches: [],
  values: program.commands.map((command) => command.name()),
});

/** Words in single quotes. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

function bash(entries: readonly Entry[]): string {
  const reply = (values: Values): string => {
    if (values === "other") return "return";
    return values === "file" ? "_unrolled_files; return" : `_unrolled_words ${quoted(values.join(" "))}; return`;
  };
  const names = entries.map(({ name }) => name);
  const values = entries.flatMap(({ name, switches }) =>
    switches.flatMap((one) => (one.values === undefined ? [] : [`    '${name} ${one.name}') ${reply(one.values)} ;;`])),
  );
  const options = entries.map(({ name, switches }) => `    '${name} -'*) ${reply(switches.map((one) => one.name))} ;;`);
  const rest = entries.flatMap(({ name, values: own }) =>
    own === undefined ? [] : [`    '${name} '*) ${reply(own)} ;;`],
  );
  return [
    "# completion of unrolled in bash",
    `_unrolled_words() { COMPREPLY=($(compgen -W "$1" -- "$current")); }`,
    `_unrolled_files() { local IFS=$'\\n'; compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$current")); }`,
    "_unrolled() {",
    "  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}",
    "  # bash makes three words of --name=value",
    `  if [ "$current" = = ]; then current=; elif [ "$before" = = ]; then before=\${COMP_WORDS[COMP_CWORD - 2]}; fi`,
    "  COMPREPLY=()",
    `  if [ "$COMP_CWORD" -eq 1 ]; then _unrolled_words ${quoted([...names, "--help", "--version"].join(" "))}; return; fi`,
    `  case "$command $before" in`,
    ...values,
    "  esac",
    `  case "$command $current" in`,
    ...options,
    ...rest,
    "  esac",
    "}",
    "complete -F _unrolled unrolled",
    "",
  ].join("\n");
}

function zsh(entries: readonly Entry[]): string {
  const action = (values: Values): string => {
    if (values === "other") return ":value: ";
    return values === "file" ? ":file:_files" : `:value:(${values.join(" ")})`;
  };
  const escaped = (text: string): string => text.replaceAll(/[[\]:\\]/g, "\\$&");
  const cases = entries.map(({ name, switches, values }) => {
    const specs = switches.map((one) =>
      quoted(`${one.name}[${escaped(one.text)}]${one.values === undefined ? "" : action(one.values)}`),
    );
    if (values !== undefined) specs.push(quoted(`*${action(values)}`));
    return `    ${name}) _arguments ${specs.join(" ")} ;;`;
  });
  return [
    "#compdef unrolled",
    "# completion of unrolled in zsh",
    "_unrolled() {",
    "  local -a commands",
    `  commands=(${entries.map(({ name, text }) => quoted(`${name}:${text}`)).join(" ")})`,
    "  if (( CURRENT == 2 )); then _describe command commands; return; fi",
    "  shift words",
    "  (( CURRENT-- ))",
    "  case $words[1] in",
    ...cases,
    "  esac",
    "}",
    `if [ "$funcstack[1]" = _unrolled ]; then _unrolled "$@"; else compdef _unrolled unrolled; fi`,
    "",
  ].join("\n");
}

function fish(entries: readonly Entry[]): string {
  const action = (values: Values): string => {
    if (values === "other") return "-x";
    return values === "file" ? "-r -F" : `-x -a ${quoted(values.join(" "))}`;
  };
  const lines = entries.flatMap(({ name, text, switches, values }) => {
    const own = `complete -c unrolled -n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c unrolled -n __fish_use_subcommand -a ${name} -d ${quoted(text)}`,
      ...switches.map(
        (one) =>
          `${own} -l ${one.name.slice(2)} ${one.values === undefined ? "" : `${action(one.values)} `}-d ${quoted(one.text)}`,
      ),
      ...(values === undefined ? [] : [`${own} ${values === "file" ? "-F" : action(values)}`]),
    ];
  });
  return ["# completion of unrolled in fish", "complete -c unrolled -f", ...lines, ""].join("\n");
}
