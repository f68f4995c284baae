import { spawn } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Tools of this project, for rows that install none. */
const TOOLS = fileURLToPath(new URL("../../node_modules/.bin", import.meta.url));

/** What runs in a folder, and for how long at most. */
export type CommandOptions = {
  readonly folder: string;
  /** Default: the one that runs this. It comes first in the PATH. */
  readonly node?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Default: 180. */
  readonly seconds?: number;
};

export type Output = { readonly stdout: string; readonly stderr: string };

/** Lines that tell nothing. */
const NOISE = /build failed|error during build|telemetry|npm (?:warn|notice)/i;

/** A command that has ended badly, or not in time, with the first lines of its output that look like reasons. */
export class CommandError extends Error {
  constructor(message: string, { stdout, stderr }: Output) {
    const lines = `${stderr}\n${stdout}`.split("\n").map((line) => line.trim());
    const reasons = lines.filter((line) => /error|cannot|not |\[[A-Z_]+\]/i.test(line) && !NOISE.test(line));
    super([message, ...reasons.slice(0, 3)].join("\n"));
    this.name = "CommandError";
  }
}

function start(command: string, { folder, node = process.execPath, environment = {} }: CommandOptions) {
  const path = [dirname(node), join(folder, "node_modules/.bin"), TOOLS, process.env["PATH"] ?? ""].join(delimiter);
  // an environment of its own: the variables of the tests would choose engines
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(UNROLLED_|NODE_ENV$|NODE_OPTIONS$|VITEST|npm_(?!config)|npm_config_local_prefix)/.test(name),
  );
  const child = spawn("bash", ["-c", command], {
    cwd: folder,
    env: {
      ...Object.fromEntries(own),
      PATH: path,
      CI: "true",
      NO_COLOR: "1",
      NEXT_TELEMETRY_DISABLED: "1",
      ...environment,
    },
    stdio: ["ignore", "pipe", "pipe"],
    // a group of its own, to be ended as a whole
    detached: true,
  });
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
  const end = (): void => {
    try {
      process.kill(-child.pid!, "SIGKILL");
    } catch {
      // it has ended by itself
    }
  };
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
  return { output, ended, end };
}

/** Runs a command line to its end. Throws CommandError where its exit code is not 0. */
export async function run(command: string, options: CommandOptions): Promise<Output> {
  const { seconds = 180 } = options;
  const { output, ended, end } = start(command, options);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    end();
  }, seconds * 1000);
  const code = await ended;
  clearTimeout(timer);
  if (code === 0) return output;
  const why = isLate ? `not done after ${seconds} seconds` : `exit code ${code}`;
  throw new CommandError(`${command}: ${why}`, output);
}

/** A port that nothing listens on. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Runs a server, which gets its port as PORT, until `use` is done with it. `use` gets the address that the server has printed. */
export async function withServer<R>(
  command: string,
  options: CommandOptions,
  use: (address: string) => Promise<R>,
): Promise<R> {
  const environment = { ...options.environment, PORT: String(await freePort()) };
  const { output, ended, end } = start(command, { ...options, environment });
  try {
    const address = new Promise<string>((resolve) => {
      const timer = setInterval(() => {
        const [found] = /http:\/\/localhost:\d+/.exec(output.stdout) ?? [];
        if (found === undefined) return;
        clearInterval(timer);
        resolve(found);
      }, 50);
    });
    const failed = ended.then(() => {
      throw new CommandError(`${command}: ended`, output);
    });
    return await use(await Promise.race([address, failed]));
  } finally {
    end();
    await ended;
  }
}
