/** What the command shows on a terminal, read back from tmux. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MAIN } from "../helpers/cli.ts";
import { shellWord } from "../../src/cli/terminal/format.ts";

const folder = mkdtempSync(join(tmpdir(), "unrolled-terminal-"));
const SOCKET = `unrolled-${process.pid}`;
const escape = String.fromCharCode(27);

const tmux = (...args: string[]): string =>
  execFileSync("tmux", ["-L", SOCKET, "-f", "/dev/null", ...args], { encoding: "utf8", cwd: folder });

// CI installs it
const isSkipped = spawnSync("tmux", ["-V"]).status !== 0 && process.env["CI"] !== "true";
if (isSkipped) console.log("terminal tests are skipped: no tmux; install it");

beforeAll(() => {
  writeFileSync(
    join(folder, "text.txt"),
    Array.from({ length: 3_000_000 }, (_, i) => "abcdefghij \n"[(i * i + 7 * i) % 12]).join(""),
  );
});
afterAll(() => {
  spawnSync("tmux", ["-L", SOCKET, "kill-server"]);
  rmSync(folder, { recursive: true, force: true });
});

let sessions = 0;
type Terminal = {
  /** What is visible. */
  lines(): string[];
  resize(columns: number): void;
  press(key: string): void;
  /** All that was written, escape codes too. */
  raw(): string;
};

/** The command in a terminal of its own; after it the exit code is shown. */
function terminal(columns: number, variables: string, ...args: string[]): Terminal {
  const name = `s${++sessions}`;
  const file = join(folder, `${name}.raw`);
  const go = join(folder, `${name}.go`);
  const command = [process.execPath, MAIN, ...args].map(shellWord).join(" ");
  const script = `while [ ! -e ${go} ]; do sleep 0.02; done; env -u npm_command -u npm_execpath -u npm_config_user_agent ${variables} UNROLLED_POISON=0 ${command}; echo EXIT $?; exec sleep 60`;
  tmux("new-session", "-d", "-s", name, "-x", String(columns), "-y", "30", script);
  tmux("pipe-pane", "-t", name, `cat > ${file}`);
  writeFileSync(go, "");
  return {
    lines: () => tmux("capture-pane", "-p", "-t", name).trimEnd().split("\n"),
    resize: (to) => void tmux("resize-window", "-t", name, "-x", String(to), "-y", "30"),
    press: (key) => void tmux("send-keys", "-t", name, key),
    raw: () => (existsSync(file) ? readFileSync(file, "utf8") : ""),
  };
}

/** The value, once it is one; what is on the screen when it does not come. */
async function eventually<T>(screen: Terminal, look: (lines: string[]) => T | undefined): Promise<T> {
  for (let i = 0; i < 400; i++) {
    const found = look(screen.lines());
    if (found !== undefined) return found;
    await setTimeout(50);
  }
  throw new Error(`not seen:\n${screen.lines().join("\n")}`);
}

const exit = (lines: string[]): string | undefined => lines.find((line) => line.startsWith("EXIT "));
const isStatus = (line: string): boolean => /^step [\d,]+\//.test(line);
/** The step that the status line shows, when it shows one other than `before`. */
const stepAfter =
  (before?: string) =>
  (lines: string[]): string | undefined => {
    const step = lines
      .filter(isStatus)
      .at(-1)
      ?.match(/^step ([\d,]+)/)?.[1];
    return step === before ? undefined : step;
  };

const train = ["train", "text.txt", "--hidden-size", "64"];

/** Resolves with the step that is shown, while an evaluation runs: a line that is drawn between the terminal's wrapping and its signal would leave a part behind. */
async function stillness(screen: Terminal): Promise<string> {
  let before: string | undefined;
  let since = 0;
  return await eventually(screen, (lines) => {
    const text = lines.join("\n");
    since = text === before && stepAfter()(lines) !== undefined ? since + 1 : 0;
    before = text;
    return since >= 6 ? stepAfter()(lines) : undefined;
  });
}

test.skipIf(isSkipped)("the status line is drawn in its place, and fits when the terminal is resized", async () => {
  const long = ["--batch-size", "8", "--validation", "0.9", "--evaluate-every", "40", "--steps", "35000"];
  const screen = terminal(80, "", ...train, "--out", "live", ...long);
  const first = await eventually(screen, (lines) => lines.findLast(isStatus));
  expect(first).toMatch(/^step [\d,]+\/35,000 {2}loss \S+ {2}ETA .* {2}[\d,]+ tokens\/s/);
  for (const columns of [40, 20, 120]) {
    const step = await stillness(screen);
    screen.resize(columns);
    // a line that was drawn just before the resize may stand there for a moment, cut in two
    const lines = await eventually(screen, (seen) =>
      stepAfter(step)(seen) !== undefined && isStatus(seen.at(-1) as string) ? seen : undefined,
    );
    expect(lines.filter(isStatus), `${columns} columns:\n${lines.join("\n")}`).toHaveLength(1);
    const status = lines.at(-1) as string;
    expect(isStatus(status), status).toBe(true);
    // whole parts, as many as there is room for
    const parts = status.split("  ");
    expect(parts.slice(0, 2).join(), status).toMatch(columns < 40 ? /^step [\d,]+\/35,000$/ : /,loss \S{4,}$/);
    if (columns >= 80) expect(parts[3]).toMatch(/^[\d,]+ tokens\/s$/);
  }
  screen.press("C-c");
  expect(await eventually(screen, exit)).toBe("EXIT 130");
  const lines = screen.lines();
  expect(lines.filter(isStatus)).toEqual([]);
  expect(lines).toContain("next: unrolled train --resume live");
});

test.skipIf(isSkipped)("a run that begins on a narrow terminal", async () => {
  const screen = terminal(20, "", ...train, "--epochs", "1000", "--out", "narrow");
  const step = await eventually(screen, stepAfter());
  await eventually(screen, stepAfter(step));
  expect(screen.lines().filter(isStatus)).toHaveLength(1);
  screen.press("C-c");
  expect(await eventually(screen, exit)).toBe("EXIT 130");
});

describe.skipIf(isSkipped)("without escape codes", () => {
  const short = ["train", "text.txt", "--steps", "30", "--hidden-size", "8", "--overwrite"];
  test.each([
    ["TERM=dumb", "TERM=dumb", [...short, "--out", "dumb"], /\ndone after 30 steps/],
    ["--quiet", "", [...short, "--out", "quiet", "--quiet"], /^EXIT/],
    ["NO_COLOR", "NO_COLOR=1", ["hello"], /hell -> ello/],
  ])("%s", async (_, variables, args, expected) => {
    const screen = terminal(80, variables, ...args);
    expect(await eventually(screen, exit)).toBe("EXIT 0");
    expect(screen.raw()).not.toContain(escape);
    expect(screen.raw().replaceAll("\r", "")).toMatch(expected);
  });

  test("colours are there without NO_COLOR", async () => {
    const screen = terminal(80, "", "hello");
    await eventually(screen, exit);
    expect(screen.raw()).toContain(`${escape}[`);
  });

  test("a pipe gets plain lines", () => {
    const { stdout } = spawnSync(process.execPath, [MAIN, ...short, "--out", "pipe"], {
      cwd: folder,
      encoding: "utf8",
    });
    expect(stdout).toMatch(/\ndone after 30 steps/);
    expect(stdout).not.toContain(escape);
    expect(stdout).not.toContain("\r");
  });
});
