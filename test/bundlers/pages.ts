/** @file Runs the program in Chromium. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { serve, type Site } from "../browser/server.ts";
import { withServer } from "./command.ts";
import type { Project } from "./project.ts";
import { type Hello, NotHere, type Shown, type Way } from "./row.ts";
import { helloIn } from "./programs.ts";

export const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

export const FLAGS: readonly string[] = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Without them a page has one thread. */
export const ISOLATION: Readonly<Record<string, string>> = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

/** Milliseconds for a page to say what it ran on. */
const PATIENCE = 120_000;

/** Milliseconds for what comes after that. */
const AFTERWARDS = 200;

/** Throws where pages can't be run. CI installs what they need, so there it goes on and fails. */
export function needsChromium(): void {
  if (!existsSync(CHROMIUM) && process.env["CI"] !== "true")
    throw new NotHere(`no Chromium at ${CHROMIUM}: install it, or set CHROMIUM to the path of one`);
}

let browser: Promise<Browser> | undefined;

/** Ends the browser, if one was started. */
export async function closeBrowser(): Promise<void> {
  await (await browser)?.close();
  browser = undefined;
}

/** Opens a page and waits for its line. */
export async function visit(address: string, headers: Readonly<Record<string, string>> = {}): Promise<Shown> {
  needsChromium();
  browser ??= chromium.launch({
    executablePath: CHROMIUM,
    args: [...FLAGS, "--autoplay-policy=no-user-gesture-required"],
  });
  const context = await (await browser).newContext();
  try {
    if (Object.keys(headers).length > 0) await addHeaders(context, headers);
    return await listen(await context.newPage(), address);
  } finally {
    await context.close();
  }
}

async function addHeaders(context: BrowserContext, headers: Readonly<Record<string, string>>): Promise<void> {
  await context.route("**/*", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, headers: { ...response.headers(), ...headers } });
  });
}

/** Throws where the page says nothing in time, or dies. */
export async function listen(page: Page, address: string): Promise<Shown> {
  const warnings: string[] = [];
  const hello = await new Promise<Hello>((resolve, reject) => {
    const fail = (why: string): void => reject(new Error([why, ...warnings].join("\n")));
    const timer = setTimeout(() => fail(`the page has said nothing for ${PATIENCE / 1000} seconds`), PATIENCE);
    page.on("pageerror", (error) => fail(String(error)));
    page.on("console", (message) => {
      const text = message.text();
      const said = helloIn(text);
      if (said !== undefined) {
        clearTimeout(timer);
        setTimeout(() => resolve(said), AFTERWARDS);
      } else if (/^\w*Error:/.test(text)) fail(text);
      else if (["warning", "error"].includes(message.type())) warnings.push(text);
    });
    page.goto(address, { timeout: PATIENCE }).catch((error) => fail(String(error)));
  });
  return { hello, warnings: [...warnings, ...(hello.warnings ?? [])] };
}

/** A folder's files. */
export const siteOf =
  (folder: string): Site =>
  (path) => {
    const file = join(folder, path);
    return existsSync(file) && statSync(file).isFile() ? readFileSync(file) : undefined;
  };

/** A built folder on a web server of its own. */
export async function visitFolder(
  folder: string,
  { query = "", headers = {} }: { readonly query?: string; readonly headers?: Headers } = {},
): Promise<Shown> {
  const server = await serve(siteOf(folder), headers);
  try {
    return await visit(server.address + query);
  } finally {
    await server.close();
  }
}

type Headers = Readonly<Record<string, string>>;

/** What to do is named where a bundle lacks the files of the workers. */
export const NAMES_WORKERS = /UNROLLED_WORKERS/;

/** One visit of a page that has been built into a folder. */
function pageWay(what: string, build: string, folder: string, query: string, headers: Headers): Way {
  return {
    what,
    threads: headers === ISOLATION,
    async show(project: Project) {
      await project.build(build);
      return visitFolder(project.path(folder), { query, headers });
    },
  };
}

/** A page that has been built into a folder: on the main thread, isolated from other origins or not, and in a worker. */
export function pageWays(build: string, folder = "dist", title = "page"): Way[] {
  const way = (what: string, query: string, headers: Headers): Way =>
    pageWay(`${title}${what}`, build, folder, query, headers);
  return [
    way("", "", {}),
    way(", isolated", "", ISOLATION),
    way(", trainInWorker", "?worker", {}),
    way(", isolated, trainInWorker", "?worker", ISOLATION),
  ];
}

/**
 * A page whose bundler does not see the files of the workers: what needs them says what to do, and does it where that has been done, on the page
 * `with-workers.html`.
 */
export function pageWaysWithoutWorkers(build: string, folder: string, title: string): Way[] {
  const way = (what: string, query: string, headers: Headers): Way =>
    pageWay(`${title}${what}`, build, folder, query, headers);
  const copied = (what: string, query: string, headers: Headers): Way => ({
    what: `${title}, its workers copied${what}`,
    threads: headers === ISOLATION,
    async show(project) {
      await project.build(build);
      await project.build(`cp -r node_modules/unrolled/dist/workers ${folder}`);
      const page = readFileSync(project.path(folder, "index.html"), "utf8");
      const setting = `<script>globalThis.unrolledEnvironment = { UNROLLED_WORKERS: "/workers" };</script>`;
      project.write({ [`${folder}/with-workers.html`]: page.replace("<body>", `<body>${setting}`) });
      return visitFolder(project.path(folder), { query: `with-workers.html${query}`, headers });
    },
  });
  return [
    way("", "", {}),
    { ...way(", isolated", "", ISOLATION), threads: false, warns: NAMES_WORKERS },
    { ...way(", trainInWorker", "?worker", {}), refuses: NAMES_WORKERS },
    copied(", isolated", "", ISOLATION),
    copied(", trainInWorker", "?worker", {}),
    copied(", isolated, trainInWorker", "?worker", ISOLATION),
  ];
}

type ServedOptions = {
  /** A command that comes first. */
  readonly build?: string;
  readonly path?: string;
  readonly headers?: Headers;
  /** Default: on an isolated page. */
  readonly threads?: boolean;
};

/** A page from a server of the tool's own. */
export function servedWay(
  what: string,
  command: string,
  { build, path = "", headers = {}, threads = headers === ISOLATION }: ServedOptions = {},
): Way {
  return {
    what,
    threads,
    async show(project) {
      if (build !== undefined) await project.build(build);
      return withServer(command, { folder: project.folder }, (address) => visit(address + path, headers));
    },
  };
}
