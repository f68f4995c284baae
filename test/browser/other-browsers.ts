/**
 * @file Tries the build in the browsers other than Chromium that this machine has: Firefox, and
 * WebKit as GTK's MiniBrowser, which has the engine of Safari. Prints a row for each page and task;
 * ends with 1 when a result differs from Node's.
 *
 *     npm run verify:browsers
 *     npm run verify:browsers -- webkit
 *
 * Environment: FIREFOX, MINI_BROWSER, the paths of the programs.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeHash } from "../helpers/node-hash.ts";
import { serve } from "./server.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

type OtherBrowser = {
  readonly name: string;
  readonly program: string;
  readonly version: () => string;
  /** Opens a page, in a window that nobody sees. `home` is an empty folder. */
  readonly open: (address: string, home: string) => ChildProcess;
};

const firefox = process.env["FIREFOX"] ?? "/usr/bin/firefox-esr";
const miniBrowser = process.env["MINI_BROWSER"] ?? "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser";

/** In a process group of its own, so that the browser's other processes end with it. */
const start = (program: string, args: readonly string[], home: string): ChildProcess =>
  spawn(program, args, { stdio: "ignore", detached: true, env: { ...process.env, HOME: home } });

const browsers: readonly OtherBrowser[] = [
  {
    name: "Firefox",
    program: firefox,
    version: () => execFileSync(firefox, ["--version"], { encoding: "utf8" }).trim(),
    open: (address, home) => start(firefox, ["--headless", "--no-remote", "--profile", home, address], home),
  },
  {
    name: "WebKit",
    program: miniBrowser,
    version: () =>
      execFileSync("xvfb-run", ["--auto-servernum", miniBrowser, "--version"], { encoding: "utf8" }).trim(),
    open: (address, home) => start("xvfb-run", ["--auto-servernum", miniBrowser, address], home),
  },
];

const isolation = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

/** Large steps come before the training worker: page.mjs counts each worker of the page as one of the pool. */
const TASKS = ["report", "hello", "trainingHash", "checkpoint", "largeSteps", "inWorker"] as const;
/** Milliseconds for one page. */
const PATIENCE = 180_000;

type Answer = { readonly task: string; readonly result?: unknown; readonly error?: string };

const [, hello] = /^```ts\n(.*?)^```\n/ms.exec(readFileSync(join(root, "README.md"), "utf8")) ?? [];

function site(path: string): string | Uint8Array | undefined {
  const imports = { unrolled: "/dist/index.js", hello: "/hello.js" };
  if (path === "hello.js") return hello;
  if (path === "index.html")
    return `<!doctype html><title>unrolled</title><script type="importmap">${JSON.stringify({ imports })}</script><script type="module" src="/test/browser/page-alone.mjs"></script>`;
  const file = join(root, path);
  return /^(dist|test)\//.test(path) && existsSync(file) ? readFileSync(file) : undefined;
}

async function answersOf(
  browser: OtherBrowser,
  headers: Readonly<Record<string, string>>,
  variables: Readonly<Record<string, string>>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  let finish: () => void = () => {};
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const server = await serve(site, headers, {
    answers: (text) => {
      const answer = JSON.parse(text) as Answer;
      if (answer.task === "end") finish();
      else answers.push(answer);
    },
  });
  const home = mkdtempSync(join(tmpdir(), "unrolled-browser-"));
  const query = new URLSearchParams({ ...variables, tasks: TASKS.join(",") });
  const child = browser.open(`${server.address}?${query.toString()}`, home);
  const patience = setTimeout(() => {
    answers.push({ task: "all", error: `no end after ${PATIENCE / 1000} s` });
    finish();
  }, PATIENCE);
  await finished;
  clearTimeout(patience);
  const hasEnded = new Promise((resolve) => child.once("exit", resolve));
  process.kill(-(child.pid as number), "SIGTERM");
  await hasEnded;
  await server.close();
  rmSync(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  return answers;
}

/** Whether a task's result is Node's with the same numerics, and the figure to print. */
function judged({ task, result, error }: Answer, numerics: string): [boolean, string] {
  if (error !== undefined) return [false, error];
  const given = result as Readonly<Record<string, unknown>>;
  if (task === "report")
    return [given["name"] === "wasm", `WebAssembly kernels, up to ${String(given["threads"])} threads`];
  if (task === "hello") return [String(result).includes("0.5556704"), "prints the README's numbers"];
  if (task === "trainingHash") {
    const isSame = result === nodeHash(process.execPath, numerics === "portable" ? PORTABLE : {});
    return [isSame, `${isSame ? "equal to" : "other than"} Node's`];
  }
  if (task === "checkpoint") return [given["isSame"] === true && given["code"] === "ERR_DAMAGED", "read and checked"];
  if (task === "inWorker")
    return [given["isSame"] === true, `equal; the page is late by ${Math.round(given["late"] as number)} ms at most`];
  const jobs = given["threads"] === 1 ? "" : `, ${String(given["jobs"])} jobs`;
  return [given["hash"] === given["loaded"], `on ${String(given["threads"])} threads${jobs}`];
}

let isRed = false;
let tried = 0;
const PORTABLE = { UNROLLED_NUMERICS: "portable" };

const wanted = process.argv.slice(2).map((name) => name.toLowerCase());
const chosen = browsers.filter(({ name }) => wanted.length === 0 || wanted.includes(name.toLowerCase()));
for (const browser of chosen) {
  if (!existsSync(browser.program)) {
    console.log(`${browser.name}: not here (${browser.program})`);
    continue;
  }
  tried++;
  console.log(`${browser.name}: ${browser.version()}`);
  for (const [kind, headers] of [
    ["isolated", isolation],
    ["not isolated", {}],
  ] as const)
    for (const variables of [{}, PORTABLE]) {
      const answers = await answersOf(browser, headers, variables);
      const report = answers.find(({ task }) => task === "report")?.result as { readonly numerics: string } | undefined;
      const numerics = report?.numerics ?? "unknown";
      for (const answer of answers) {
        const [isRight, figure] = judged(answer, numerics);
        isRed ||= !isRight;
        console.log([isRight ? "ok " : "RED", kind.padEnd(12), numerics.padEnd(8), answer.task, figure].join("  "));
      }
    }
}
console.log(`${tried} of ${chosen.length} browsers tried`);
process.exitCode = isRed ? 1 : 0;
