/**
 * @file Scripts that complete `unrolled` in a shell, from the list of commands and options that
 * commander has.
 */
import { Command, type Option } from "commander";
import type { Shell } from "./shells.ts";
import { TASKS } from "../tasks/declarations.ts";
import type { TaskDeclaration } from "../tasks/task.ts";
import { declareTrain } from "./train-options.ts";

/** Values that can stand in a place: one of some words, a file, or what nobody can guess. */
type Values = readonly string[] | "file" | "other";

type Switch = {
  /** Name with its dashes. */
  readonly name: string;
  readonly text: string;
  /** Undefined when it takes no value. */
  readonly values: Values | undefined;
};

type Entry = {
  readonly name: string;
  /** Named with `--task`: what follows is only for it. */
  readonly task?: string;
  readonly text: string;
  readonly switches: readonly Switch[];
  /** Values of its arguments; undefined when it has none. */
  readonly values: Values | undefined;
};

export function completion(shell: Shell, program: Command): string {
  // the program's own `train` is that of the first task
  const entries = [...program.commands.map(entryOf), ...TASKS.slice(1).map(trainEntry), helpEntry(program)];
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

/** `train --task NAME`, which has options of its own. */
const trainEntry = (task: TaskDeclaration): Entry => ({
  ...entryOf(declareTrain(new Command("train"), task)),
  task: task.name,
});

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

/** Without those of single tasks. */
const commandsOf = (entries: readonly Entry[]): readonly Entry[] => entries.filter(({ task }) => task === undefined);

const bashName = ({ name, task }: Entry): string => (task === undefined ? name : `${name}:${task}`);

function bash(entries: readonly Entry[]): string {
  const reply = (values: Values): string => {
    if (values === "other") return "return";
    return values === "file" ? "_unrolled_files; return" : `_unrolled_words ${quoted(values.join(" "))}; return`;
  };
  const names = commandsOf(entries).map(({ name }) => name);
  const values = entries.flatMap((entry) =>
    entry.switches.flatMap((one) =>
      one.values === undefined ? [] : [`    '${bashName(entry)} ${one.name}') ${reply(one.values)} ;;`],
    ),
  );
  const options = entries.map(
    (entry) => `    '${bashName(entry)} -'*) ${reply(entry.switches.map((one) => one.name))} ;;`,
  );
  const rest = entries.flatMap((entry) =>
    entry.values === undefined ? [] : [`    '${bashName(entry)} '*) ${reply(entry.values)} ;;`],
  );
  const tasks = entries.flatMap(({ task }) => (task === undefined ? [] : [task]));
  return [
    "# completion of unrolled in bash",
    `_unrolled_words() { COMPREPLY=($(compgen -W "$1" -- "$current")); }`,
    `_unrolled_files() { local IFS=$'\\n'; compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$current")); }`,
    "_unrolled() {",
    "  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}",
    "  # bash makes three words of --name=value",
    `  if [ "$current" = = ]; then current=; elif [ "$before" = = ]; then before=\${COMP_WORDS[COMP_CWORD - 2]}; fi`,
    "  COMPREPLY=()",
    // the words before the present one; --task=name is three of them
    "  local i task",
    '  if [ "$command" = train ]; then for ((i = 2; i < COMP_CWORD; i++)); do',
    `    if [ "\${COMP_WORDS[i - 1]}" = --task ]; then task=\${COMP_WORDS[i]}; [ "$task" != = ] || task=\${COMP_WORDS[i + 1]}; fi`,
    "  done; fi",
    `  case "$task" in ${tasks.join("|")}) command=train:$task ;; esac`,
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
  const tasks = entries.flatMap(({ task }) => (task === undefined ? [] : [task])).join("|");
  const escaped = (text: string): string => text.replaceAll(/[[\]:\\]/g, "\\$&");
  const cases = entries.map(({ name, task, switches, values }) => {
    const specs = switches.map((one) =>
      quoted(`${one.name}[${escaped(one.text)}]${one.values === undefined ? "" : action(one.values)}`),
    );
    if (values !== undefined) specs.push(quoted(`*${action(values)}`));
    return `    ${task === undefined ? name : `${name}:${task}`}) _arguments ${specs.join(" ")} ;;`;
  });
  return [
    "#compdef unrolled",
    "# completion of unrolled in zsh",
    "_unrolled() {",
    "  local -a commands",
    `  commands=(${commandsOf(entries)
      .map(({ name, text }) => quoted(`${name}:${text}`))
      .join(" ")})`,
    "  if (( CURRENT == 2 )); then _describe command commands; return; fi",
    "  shift words",
    "  (( CURRENT-- ))",
    "  local name=$words[1] i",
    "  if [[ $name = train ]]; then for ((i = 2; i < CURRENT; i++)); do",
    "    case $words[i] in",
    `      --task) [[ $((i + 1)) -lt $CURRENT ]] && case $words[i+1] in ${tasks}) name=train:$words[i+1] ;; esac ;;`,
    `      --task=(${tasks})) name=train:\${words[i]#--task=} ;;`,
    "    esac",
    "  done; fi",
    "  case $name in",
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
  const switchLine = (own: string, { name, text, values }: Switch): string =>
    `${own} -l ${name.slice(2)} ${values === undefined ? "" : `${action(values)} `}-d ${quoted(text)}`;
  const general = new Set(entries.find(({ name }) => name === "train")?.switches.map(({ name }) => name));
  const lines = entries.flatMap(({ name, task, text, switches, values }) => {
    if (task !== undefined) {
      const condition = `__fish_seen_subcommand_from ${name}; and string match -qr -- "--task[= ]${task}( |\\$)" (commandline -cp)`;
      return switches
        .filter((one) => !general.has(one.name))
        .map((one) => switchLine(`complete -c unrolled -n ${quoted(condition)}`, one));
    }
    const own = `complete -c unrolled -n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c unrolled -n __fish_use_subcommand -a ${name} -d ${quoted(text)}`,
      ...switches.map((one) => switchLine(own, one)),
      ...(values === undefined ? [] : [`${own} ${values === "file" ? "-F" : action(values)}`]),
    ];
  });
  return ["# completion of unrolled in fish", "complete -c unrolled -f", ...lines, ""].join("\n");
}
