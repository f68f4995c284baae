/** @file The built command, for tests that run it in a folder of their own. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

/** The built command. */
export const MAIN: string = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
if (!existsSync(MAIN)) throw new Error("test/cli: expected the build in dist, got none. Run npm run build first");

type Variables = Readonly<Record<string, string | undefined>>;

/** Code that Node has compiled, which it keeps from command to command. */
const COMPILED = fileURLToPath(new URL("../../node_modules/.cache/unrolled-command", import.meta.url));

/** Environment of the command, which is typed in a shell: fresh memory is not poisoned. */
export const env: Variables = {
  ...process.env,
  UNROLLED_POISON: "0",
  NODE_COMPILE_CACHE: COMPILED,
  // as if no package manager ran the tests
  npm_command: undefined,
  npm_config_user_agent: undefined,
  npm_execpath: undefined,
};

export type Result = {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

export type RunOptions = {
  /** Standard input. Default: empty. */
  readonly input?: string | Uint8Array | undefined;
  /** Variables besides `env`. */
  readonly env?: Variables;
  /** Node's executable. Default: the one that runs the tests. */
  readonly node?: string;
  /** Flags for Node. */
  readonly flags?: readonly string[];
  /** Milliseconds after which the command is killed. Default: never. */
  readonly timeout?: number;
};

export type CommandFolder = {
  readonly folder: string;
  /** A path in the folder. */
  readonly file: (...names: readonly string[]) => string;
  /** Runs the command in the folder to its end. */
  readonly run: (args: readonly string[], options?: RunOptions) => Result;
  /** Runs the command without options. */
  readonly unrolled: (...args: readonly string[]) => Result;
};

/** Makes a folder whose name holds `name`. It is removed after the tests of the file. */
export function commandFolder(name: string): CommandFolder {
  const folder = mkdtempSync(join(tmpdir(), `unrolled-${name}-`));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const run: CommandFolder["run"] = (
    args,
    { input = "", env: more, node = process.execPath, flags = [], timeout } = {},
  ) =>
    spawnSync(node, [...flags, MAIN, ...args], {
      encoding: "utf8",
      cwd: folder,
      env: { ...env, ...more },
      input,
      timeout,
    });
  return {
    folder,
    file: (...names) => join(folder, ...names),
    run,
    unrolled: (...args) => run(args),
  };
}

/**
 * What a command says on stderr, without the line about translations that are cut off: a model of a
 * few steps may never end one.
 */
export const withoutCutOff = (stderr: string): string =>
  stderr.replace(/^unrolled: \d+ of \d+ translations cut off .*\n/, "");
