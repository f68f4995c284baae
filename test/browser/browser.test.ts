/**
 * The package in Chromium, on three pages: isolated from other origins, which gives threads; not isolated; and bundled, under a policy that forbids
 * all that can be forbidden. Numbers must be those of Node. Each page tries a part of everything, with UNROLLED_VERIFY=full all of it.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium } from "playwright-core";
import { encodeCheckpoint, type EngineReport } from "unrolled";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundleForWeb } from "../../scripts/web-bundle.ts";
import { GOLDEN_HASH, nodeHash } from "../helpers/node-hash.ts";
import { serve, type Server, type Site } from "./server.ts";

const FULL = process.env["UNROLLED_VERIFY"] === "full";
const program = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const isMissing = !existsSync(program);
// CI installs it
const isSkipped = isMissing && process.env["CI"] !== "true";
if (isSkipped)
  console.log(`browser tests are skipped: no Chromium at ${program}; install it, or set CHROMIUM to the path of one`);

const root = fileURLToPath(new URL("../..", import.meta.url));

const readme = readFileSync(join(root, "README.md"), "utf8");
const [, hello, helloPrints] = /^```ts\n(.*?)^```\n\s*^```text\n(.*?)\n```$/ms.exec(readme) ?? [];

const isolation = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};
const policy = {
  "content-security-policy":
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; report-uri /violations",
};

const pageOf = (script: string, head = ""): string =>
  `<!doctype html><title>unrolled</title>${head}<script type="module" src="${script}"></script>`;

/** The build as it is, file by file. */
function plainSite(): Site {
  const imports = {
    unrolled: "/dist/index.js",
    hello: "/hello.js",
  };
  const map = `<script type="importmap">${JSON.stringify({ imports })}</script>`;
  const made: Record<string, string> = {
    "index.html": pageOf("/test/browser/page.mjs", map),
    "hello.js": hello,
  };
  return (path) => {
    if (path in made) return made[path];
    const file = join(root, path);
    return /^(dist|test)\//.test(path) && existsSync(file) ? readFileSync(file) : undefined;
  };
}

/** What a bundler makes of the page and the package. */
async function bundledSite(): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), "unrolled-browser-"));
  try {
    writeFileSync(join(folder, "hello.js"), hello);
    const bundle = await bundleForWeb(
      { name: "page", file: join(root, "test/browser/page.mjs") },
      { unrolled: join(root, "dist/index.js"), hello: join(folder, "hello.js") },
    );
    return (path) => (path === "index.html" ? pageOf("/page.js") : bundle.get(path));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

type Report = Pick<EngineReport, "name" | "numerics" | "threads" | "choices">;
type InWorker = { readonly late: number; readonly stepsTook: number };
type LargeSteps = {
  readonly hash: string;
  readonly loaded: string;
  readonly threads: number;
  readonly jobs: number;
};

/** What page.mjs leaves for the tests to call. */
type PageGlobal = { runTask(name: string): Promise<unknown> };

/** A page that is open. */
type Visit = {
  run<T>(task: string): Promise<T>;
  /** What the page said on its console. */
  readonly said: string[];
  readonly workers: () => number;
};

describe.skipIf(isSkipped)("in Chromium", () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: program,
      args: [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
    console.log(`browser tests: Chromium ${browser.version()}`);
  });
  afterAll(() => browser?.close());

  /** Opens the page with these variables, and checks afterwards that nothing went wrong in it. */
  async function visit(
    server: Server,
    variables: Readonly<Record<string, string>>,
    look: (page: Visit) => Promise<void>,
    warnings: readonly unknown[] = [],
  ): Promise<void> {
    const said: string[] = [];
    const wrong: string[] = [];
    const context = await browser.newContext();
    try {
      const page = await context.newPage();
      page.on("console", (message) => (message.type() === "log" ? said : wrong).push(message.text()));
      page.on("pageerror", (error) => wrong.push(String(error)));
      await page.goto(`${server.address}?${new URLSearchParams(variables).toString()}`);
      await look({
        run: (task) =>
          page.evaluate((name) => (globalThis as unknown as PageGlobal).runTask(name), task) as Promise<never>,
        said,
        workers: () => page.workers().length,
      });
      expect([...wrong, ...server.violations.splice(0)]).toEqual(warnings);
    } finally {
      await context.close();
    }
  }

  describe.each([
    { name: "isolated", headers: isolation, build: "-threads", bundled: false, tries: ["portable", "checkpoint"] },
    { name: "not isolated", headers: {}, build: "", bundled: false, tries: ["fma", "worker"] },
    {
      name: "bundled, with a strict policy",
      headers: { ...isolation, ...policy },
      build: "-threads",
      bundled: true,
      tries: ["fma", "worker", "large steps"],
    },
  ])("a page that is $name", ({ headers, build, bundled, tries }) => {
    const isTried = (what: string): boolean => FULL || tries.includes(what);
    let server: Server;
    beforeAll(async () => {
      server = await serve(bundled ? await bundledSite() : plainSite(), headers);
    });
    afterAll(() => server?.close());

    const classes = [
      { numerics: "fma", variables: {}, kernels: `relaxed${build}` },
      { numerics: "portable", variables: { UNROLLED_NUMERICS: "portable" }, kernels: `simd${build}` },
    ];
    test.each(classes.filter(({ numerics }) => isTried(numerics)))(
      "gives Node's numbers with $numerics numerics",
      async ({ numerics, variables, kernels }) => {
        server.served.length = 0;
        await visit(server, variables, async (page) => {
          const report = await page.run<Report>("report");
          expect(report).toMatchObject({ name: "wasm", numerics });
          expect(report.threads > 1, `${report.threads} threads`).toBe(build !== "");
          expect(report.choices).toContainEqual(expect.objectContaining({ what: "build", chosen: kernels }));
          // they come with the JavaScript
          expect(server.served.filter((path) => path.endsWith(".wasm"))).toEqual([]);

          await page.run("hello");
          expect(page.said.splice(0)).toEqual([helloPrints]);

          const hash = await page.run<string>("trainingHash");
          console.log(`browser: ${numerics}, ${kernels}, ${hash}`);
          expect(hash).toBe(numerics === "portable" ? GOLDEN_HASH : nodeHash(process.execPath, variables));
        });
      },
    );

    test.runIf(isTried("checkpoint"))("writes Node's checkpoints and finds a flipped bit", async () => {
      const data = Float32Array.from({ length: 2_000_000 }, (_, i) => i / 3);
      const bytes = await encodeCheckpoint({
        state: { step: 3, text: "é" },
        arrays: { w: { dtype: "float32", shape: [data.length], data } },
      });
      const hash = createHash("sha256").update(bytes).digest("hex");
      await visit(server, {}, async (page) => {
        const expected = { hash, isSame: true, step: 3, code: "ERR_DAMAGED", array: "w" };
        expect(await page.run("checkpoint")).toEqual(expected);
      });
    });

    test.runIf(isTried("worker"))("trains in a worker as here, and goes on meanwhile", async () => {
      await visit(server, {}, async (page) => {
        const { late, stepsTook, ...rest } = await page.run<InWorker>("inWorker");
        const error = { name: "DataError", code: "ERR_DATA" };
        expect(rest).toEqual({ isSame: true, events: 6, error });
        console.log(
          `browser: in a worker, the page was late by ${late.toFixed(1)} ms; ${stepsTook.toFixed()} ms of steps`,
        );
        // a busy machine makes any page late, but not by a step
        expect(late).toBeLessThan(Math.max(50, stepsTook / 8));
        await expect.poll(page.workers, { timeout: 20_000 }).toBe(0);
      });
    });

    test.runIf(build !== "" && isTried("large steps"))(
      "runs large steps on all threads, with the results of one",
      async () => {
        let alone: LargeSteps | undefined;
        await visit(server, { UNROLLED_THREADS: "1" }, async (page) => {
          alone = await page.run<LargeSteps>("largeSteps");
          expect(alone).toMatchObject({ loaded: alone.hash, threads: 1, jobs: 0 });
        });
        await visit(server, { UNROLLED_THREADS: "3" }, async (page) => {
          const { jobs, ...rest } = await page.run<LargeSteps>("largeSteps");
          expect(rest).toEqual({ hash: alone?.hash, loaded: alone?.hash, threads: 3 });
          expect(page.workers()).toBe(2);
          expect(jobs).toBeGreaterThan(0);
          console.log(`browser: ${jobs} jobs on 3 threads, ${rest.hash}`);
        });
      },
    );
  });

  test("a page whose workers can't be loaded does with one thread, and says so", async () => {
    const site = plainSite();
    let refused = 0;
    const server = await serve((path) => {
      if (!path.endsWith("workers/pool.js")) return site(path);
      refused++;
      return undefined;
    }, isolation);
    try {
      let alone: LargeSteps | undefined;
      await visit(server, { UNROLLED_THREADS: "1" }, async (page) => {
        alone = await page.run<LargeSteps>("largeSteps");
      });
      const look = async (page: Visit): Promise<void> => {
        const { jobs: _jobs, ...got } = await page.run<LargeSteps>("largeSteps");
        expect(got).toEqual({ hash: alone?.hash, loaded: alone?.hash, threads: 1 });
        expect(refused).toBe(1);
      };
      await visit(server, { UNROLLED_THREADS: "2" }, look, [
        expect.stringMatching(/^unrolled: large kernels run on one thread, since workers can't be started: .*file/),
      ]);
    } finally {
      await server.close();
    }
  });
});
