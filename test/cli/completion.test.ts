/** `unrolled completion`, in real shells where they are installed. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CELL_NAMES } from "unrolled";
import { afterAll, describe, expect, test } from "vitest";
import { MAIN } from "../helpers/cli.ts";

const folder = mkdtempSync(join(tmpdir(), "unrolled-completion-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, "my book.txt"), "");
mkdirSync(join(folder, "runs"));

function scriptOf(shell: string): string {
  const script = execFileSync(process.execPath, [MAIN, "completion", shell], { encoding: "utf8" });
  writeFileSync(join(folder, `.${shell}`), script);
  return script;
}

const help = (...args: string[]): string =>
  execFileSync(process.execPath, [MAIN, ...args, "--help"], { encoding: "utf8" });
const commands = [...help().matchAll(/^ {2}([a-z]+)(?: \[| <).* {2}/gm)].map(([, name]) => name);

/** Words typed so far, and what they are completed to. */
const cases: [words: string[], completed: string[]][] = [
  [["tr"], ["train"]],
  [["train", "--cell", ""], [...CELL_NAMES]],
  [["train", "--cell", "g"], ["gru"]],
  [["train", "--resu"], ["--resume"]],
  [["train", "--task", "cl"], ["classify"]],
  [["train", "--task", "classify", "--poo"], ["--pooling"]],
  [["train", "--task", "forecast", "--head", "q"], ["quantile"]],
  [["train", "--poo"], []],
  [["predict", "runs", "--bea"], ["--beams"]],
  [["train", "--resume", "ru"], ["runs"]],
  [["train", "my"], ["my book.txt"]],
  [["sample", "--tem"], ["--temperature"]],
  [["sample", "--temperature", ""], []],
  [["sample", "ru"], ["runs"]],
  [["completion", "z"], ["zsh"]],
  [["help", "do"], ["doctor"]],
  [["hello", "r"], []],
];

/** bash makes three words of --name=value. */
const WITH_EQUALS: typeof cases = [
  [["train", "--cell", "=", "r"], ["rnn"]],
  [
    ["train", "--task", "=", "image", "--sc"],
    ["--scan", "--schedule"],
  ],
];

describe("bash", () => {
  scriptOf("bash");
  const complete = (words: string[]): string[] => {
    const typed = ["unrolled", ...words].map((word) => `'${word}'`).join(" ");
    const program = `source ./.bash; COMP_WORDS=(${typed}); COMP_CWORD=${words.length}; _unrolled; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync("bash", ["-c", program], { encoding: "utf8", cwd: folder });
    expect(stderr).toBe("");
    return stdout.split("\n").filter((line) => line !== "");
  };
  test.each([...cases, ...WITH_EQUALS])("%j", (words, completed) => {
    expect(complete(words)).toEqual(completed);
  });
  test("every command and every option", () => {
    expect(commands.length).toBeGreaterThan(6);
    expect(complete([""])).toEqual(expect.arrayContaining(commands));
    for (const name of commands.filter((command) => command !== "help")) {
      const options = [...help(name).matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, option]) => option);
      expect(complete([name, "-"]), name).toEqual(options);
    }
  });
});

const inShell = (shell: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(shell, args, { encoding: "utf8", cwd: folder });
const isThere = (shell: string): boolean => inShell(shell, "-c", "exit 0").status === 0;

describe("fish", () => {
  const script = scriptOf("fish");
  test.each(["-l resume -r -F", `-l cell -x -a '${CELL_NAMES.join(" ")}'`, "__fish_use_subcommand -a train -d "])(
    "%s",
    (part) => {
      expect(script).toContain(part);
    },
  );
  test.runIf(isThere("fish")).each(cases)("%j", (words, completed) => {
    const program = `source .fish; complete -C "unrolled ${words.join(" ")}"`;
    const { stdout } = inShell("fish", "--no-config", "-c", program);
    const found = stdout.split("\n").flatMap((line) => (line === "" ? [] : [line.split("\t")[0].replace(/\/$/, "")]));
    expect(found.toSorted()).toEqual(completed.toSorted());
  });
});

describe("zsh", () => {
  const script = scriptOf("zsh");
  test.each(["#compdef unrolled\n", `:value:(${CELL_NAMES.join(" ")})'`, "'--resume[", ":file:_files'"])(
    "%s",
    (part) => {
      expect(script).toContain(part);
    },
  );
  test.runIf(isThere("zsh"))("its script is a program", () => {
    const program = "autoload -Uz compinit; compinit -D; source ./.zsh; whence -w _unrolled; print $_comps[unrolled]";
    const { stdout, stderr } = inShell("zsh", "-f", "-c", program);
    expect(stderr).toBe("");
    expect(stdout).toBe("_unrolled: function\n_unrolled\n");
  });
});
