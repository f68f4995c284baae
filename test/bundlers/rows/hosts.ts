/** @file Where the package runs, bundled by esbuild or as it is. */
import { existsSync } from "node:fs";
import { type BrowserContext, chromium } from "playwright-core";
import { availableNodes } from "../../helpers/nodes.ts";
import { classicPage, HELLO_BY_ADDRESS, HELLO_REQUIRED, KEEP_WARNINGS, modulePage } from "../fixtures.ts";
import { serve } from "../../browser/server.ts";
import {
  CHROMIUM,
  FLAGS,
  ISOLATION,
  NAMES_WORKERS,
  needsChromium,
  pageWays,
  siteOf,
  visit,
  visitFolder,
} from "../pages.ts";
import { bundledWays, helloIn, programWays } from "../programs.ts";
import type { Project } from "../project.ts";
import { NotHere, type Row, type Way } from "../row.ts";

const esbuild = (from: string, to: string, format = "esm"): string =>
  `esbuild ${from} --bundle --log-level=error --format=${format} --outfile=${to}`;

const NODES = availableNodes();

const node: Row = {
  name: "node",
  packages: [],
  ways: NODES.flatMap(({ version, path }) => programWays(`program, Node ${version}`, "node main.js", { node: path })),
};

/** What Node can be forbidden. */
const flags: Row = {
  name: "node-flags",
  packages: [],
  ways: [
    ...programWays("program that may only read files", "node --permission --allow-fs-read=* main.js").slice(0, 1),
    ...programWays("program without WebAssembly (--jitless)", "node --jitless main.js").slice(0, 1),
  ].map((way) => ({ ...way, threads: false, warns: /thread|WebAssembly/ })),
};

/** Node with a program inside. */
const executable: Row = {
  name: "node-executable",
  packages: [],
  files: {
    "sea.json": JSON.stringify({ main: "main.cjs", output: "main", disableExperimentalSEAWarning: true }),
  },
  ways: bundledWays(
    "single executable of Node (--build-sea)",
    `${esbuild("main.js", "main.cjs", "cjs")} --platform=node && node --build-sea sea.json`,
    "./main",
  ),
};

const tsx: Row = {
  name: "tsx",
  packages: ["tsx@4.23.15"],
  files: {
    "package.json": JSON.stringify({ name: "newcomer", private: true }),
    "main.ts": `import { say } from "./hello.js";
say(process.argv[2] ?? "hello").then(console.log);`,
  },
  ways: programWays("TypeScript as CommonJS", "tsx main.ts"),
};

const required: Row = {
  name: "require",
  packages: [],
  files: {
    "package.json": JSON.stringify({ name: "newcomer", private: true }),
    "hello.js": HELLO_REQUIRED,
    "main.js": `require("./hello.js").say(process.argv[2] ?? "hello").then(console.log);`,
  },
  ways: NODES.flatMap(({ version, path }) => programWays(`require(), Node ${version}`, "node main.js", { node: path })),
};

const inJest = (environment: string): string => `/** @jest-environment ${environment} */
const { say } = require("./hello.js");
test("hello", async () => void process.stdout.write(await say("hello")), 60_000);
`;

const jest: Row = {
  name: "jest30",
  packages: ["jest@30.5.2", "jest-environment-jsdom@30.5.2"],
  files: {
    "package.json": JSON.stringify({ name: "newcomer", private: true }),
    "hello.js": HELLO_REQUIRED,
    "node.test.js": inJest("node"),
    "page.test.js": inJest("jsdom"),
  },
  ways: NODES.flatMap(({ version, path }) =>
    ["node", "page"].flatMap((file) =>
      programWays(
        `require in a test (${file === "node" ? "node" : "jsdom"}), Node ${version}`,
        `jest ${file}.test.js`,
        {
          node: path,
          // Jest reports on stderr
          isWarning: (line) => line.includes("unrolled:"),
        },
      ).slice(0, 1),
    ),
  ),
};

const deno: Row = {
  name: "deno",
  packages: ["deno@2.9.6"],
  ways: programWays("program, not bundled", "deno run --allow-all main.js"),
};

const workerd: Row = {
  name: "workerd",
  packages: ["miniflare@4.20260721.0"],
  files: {
    "warnings.js": KEEP_WARNINGS,
    "worker.js": `import { withWarnings } from "./warnings.js";
import { say } from "./hello.js";
export default { fetch: async () => new Response(await say("hello").then(withWarnings, String)) };`,
    "ask.js": `import { Miniflare } from "miniflare";
const host = new Miniflare({ modules: true, scriptPath: "built.js", compatibilityDate: "2026-07-01" });
console.log(await (await host.dispatchFetch("http://localhost/")).text());
await host.dispose();`,
  },
  ways: bundledWays("worker of Cloudflare's runtime", esbuild("worker.js", "built.js"), "node ask.js", {
    threads: false,
  }).map((way) => ({ ...way, warns: /WebAssembly/ })),
};

const COPY_BUILD = "mkdir -p dist && cp hello.js main.js dist && cp -r node_modules/unrolled/dist dist/unrolled";

/** The package from another origin than the page's, as from a content network. */
function fromAnotherOrigin(what: string, query: string, headers: Readonly<Record<string, string>> = {}): Way {
  return {
    what,
    threads: headers === ISOLATION,
    async show(project) {
      await project.build(COPY_BUILD);
      const other = await serve(siteOf(project.path("dist")), {
        "access-control-allow-origin": "*",
        "cross-origin-resource-policy": "cross-origin",
      });
      try {
        const imports = { unrolled: `${other.address}unrolled/index.js` };
        const map = `<script type="importmap">${JSON.stringify({ imports })}</script>`;
        project.write({ "page/index.html": modulePage("/main.js", map) });
        await project.build("cp hello.js main.js page");
        return await visitFolder(project.path("page"), { query, headers });
      } finally {
        await other.close();
      }
    },
  };
}

const siteWay = (
  what: string,
  build: string,
  folder: string,
  headers: Readonly<Record<string, string>> = {},
  threads = false,
): Way => ({
  what,
  threads,
  async show(project) {
    await project.build(build);
    return visitFolder(project.path(folder), { headers });
  },
});

const ANSWER = `say(data).then((line) => port.postMessage(line), (error) => port.postMessage(String(error)))`;

/** A page that starts a worker of its own, in which the program runs. */
const ownWorker: Row = {
  name: "own-worker",
  packages: [],
  files: {
    "worker.js": `import { say } from "./hello.js";
const port = globalThis;
addEventListener("message", ({ data }) => ${ANSWER});`,
    "shared.js": `import { say } from "./hello.js";
addEventListener("connect", ({ ports: [port] }) => void (port.onmessage = ({ data }) => ${ANSWER}));`,
    "page.js": `const [, kind, asked = "hello"] = location.search.split("-");
const port = kind === "shared"
  ? new SharedWorker(new URL("./shared.js", import.meta.url), { type: "module" }).port
  : new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
port.onmessage = ({ data }) => console.log(data);
port.postMessage(asked);`,
    "index.html": modulePage("/page.js"),
  },
  ways: [
    { query: "?-own", what: "worker of the page's own" },
    { query: "?-own-worker", what: "worker of the page's own, trainInWorker" },
    { query: "?-shared", what: "shared worker" },
  ].flatMap(({ query, what }) =>
    [{}, ISOLATION].map((headers) => ({
      what: `${what}${headers === ISOLATION ? ", isolated" : ""}`,
      // a shared worker starts no workers
      threads: headers === ISOLATION && !query.includes("shared"),
      async show(project: Project) {
        await project.build("vite build");
        return visitFolder(project.path("dist"), { query, headers });
      },
    })),
  ),
};

/** A page that is opened as a file. */
const file: Row = {
  name: "file",
  packages: [],
  files: { "page/index.html": classicPage("main.js") },
  ways: ["", "?worker"].map((query) => ({
    what: `page (iife) by file://${query === "" ? "" : ", trainInWorker"}`,
    ...(query !== "" && { refuses: NAMES_WORKERS }),
    async show(project) {
      await project.build(esbuild("main.js", "page/main.js", "iife"));
      return visit(`file://${project.path("page/index.html")}${query}`);
    },
  })),
};

const importMap: Row = {
  name: "import-map",
  packages: [],
  files: {
    "dist/index.html": modulePage(
      "/main.js",
      `<script type="importmap">{ "imports": { "unrolled": "/unrolled/index.js" } }</script>`,
    ),
  },
  ways: [
    ...pageWays(COPY_BUILD),
    fromAnotherOrigin("package from another origin", ""),
    {
      ...fromAnotherOrigin("package from another origin, isolated", "", ISOLATION),
      threads: false,
      warns: NAMES_WORKERS,
    },
    { ...fromAnotherOrigin("package from another origin, trainInWorker", "?worker"), refuses: NAMES_WORKERS },
  ],
};

/** Answers a message with the program's line. */
const ANSWERING = `import { withWarnings } from "./warnings.js";
import { say } from "./hello.js";
addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("message", ({ data, ports: [port] }) =>
  say(data).then(withWarnings, String).then((answer) => port.postMessage(answer)));
`;

/** Asks the page's service worker. */
const ASKING = (options: string): string => `
navigator.serviceWorker.register("/worker.js", ${options}).then(async () => {
  const { active } = await navigator.serviceWorker.ready;
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }) => console.log(data);
  active.postMessage("hello", [port2]);
}).catch((error) => console.error(String(error)));
`;

const serviceWorker: Row = {
  name: "service-worker",
  packages: [],
  files: {
    "warnings.js": KEEP_WARNINGS,
    "worker.js": ANSWERING,
    "module/index.html": classicPage("/page.js"),
    "module/page.js": ASKING(`{ type: "module" }`),
    "classic/index.html": classicPage("/page.js"),
    "classic/page.js": ASKING("{}"),
    "plain/index.html": classicPage("/page.js"),
    "plain/page.js": ASKING(`{ type: "module" }`),
    "plain/hello.js": HELLO_BY_ADDRESS,
  },
  ways: [
    siteWay("module, bundled", esbuild("worker.js", "module/worker.js"), "module"),
    siteWay("module, bundled, isolated", esbuild("worker.js", "module/worker.js"), "module", ISOLATION),
    siteWay("classic (iife)", esbuild("worker.js", "classic/worker.js", "iife"), "classic"),
    siteWay(
      "module, not bundled",
      "cp worker.js warnings.js plain && cp -r node_modules/unrolled/dist plain/unrolled",
      "plain",
    ),
  ],
};

const audioWorklet: Row = {
  name: "audio-worklet",
  packages: [],
  files: {
    "warnings.js": KEEP_WARNINGS,
    "worklet.js": `import { withWarnings } from "./warnings.js";
import { say } from "./hello.js";
registerProcessor("hello", class extends AudioWorkletProcessor {
  constructor() {
    super();
    say("hello").then(withWarnings, String).then((answer) => this.port.postMessage(answer));
  }
  process() { return true; }
});`,
    "site/index.html": classicPage("/page.js"),
    "site/page.js": `const context = new AudioContext();
context.audioWorklet.addModule("/worklet.js").then(() => {
  const node = new AudioWorkletNode(context, "hello");
  node.port.onmessage = ({ data }) => console.log(data);
  node.connect(context.destination);
}).catch((error) => console.error(String(error)));`,
  },
  ways: [
    siteWay("bundled", esbuild("worklet.js", "site/worklet.js"), "site"),
    siteWay("bundled, isolated", esbuild("worklet.js", "site/worklet.js"), "site", ISOLATION),
  ],
};

const policy = (text: string): Record<string, string> => ({ "content-security-policy": text });
const STRICT = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'";

const contentPolicy: Row = {
  name: "content-policy",
  packages: [],
  files: { "index.html": modulePage("/main.js").replace(/<link.*?>/, "") },
  ways: [
    {
      ...siteWay("without 'wasm-unsafe-eval'", "vite build", "dist", policy("script-src 'self'")),
      warns: /wasm-unsafe-eval/,
    },
    siteWay("strict, with it", "vite build", "dist", policy(STRICT)),
    siteWay("strict, with it, isolated", "vite build", "dist", { ...ISOLATION, ...policy(STRICT) }, true),
  ],
};

/** Loads a folder as an extension and waits for what its background says. */
async function inExtension(project: Project, folder: string): Promise<string> {
  let context: BrowserContext | undefined;
  try {
    needsChromium();
    context = await chromium.launchPersistentContext(project.path("profile"), {
      executablePath: CHROMIUM,
      args: [
        ...FLAGS,
        "--disable-features=DisableLoadExtensionCommandLineSwitch",
        `--disable-extensions-except=${project.path(folder)}`,
        `--load-extension=${project.path(folder)}`,
      ],
      ignoreDefaultArgs: ["--disable-extensions"],
    });
    const [first] = context.serviceWorkers();
    const worker = first ?? (await context.waitForEvent("serviceworker", { timeout: 20_000 }));
    return await worker.evaluate(() => (globalThis as unknown as { answer: Promise<string> }).answer);
  } finally {
    await context?.close();
  }
}

function extensionWay(what: string, folder: string): Way {
  return {
    what,
    async show(project) {
      await project.build(esbuild("background.js", `${folder}/background.js`));
      const answer = await inExtension(project, folder);
      const hello = helloIn(answer);
      if (hello === undefined) throw new Error(answer);
      return { hello, warnings: hello.warnings ?? [] };
    },
  };
}

const MANIFEST = {
  manifest_version: 3,
  name: "hello",
  version: "1",
  background: { service_worker: "background.js", type: "module" },
};

const extension: Row = {
  name: "extension",
  packages: [],
  files: {
    "warnings.js": KEEP_WARNINGS,
    "background.js": `import { withWarnings } from "./warnings.js";
import { say } from "./hello.js";
globalThis.answer = say("hello").then(withWarnings, String);`,
    "plain/manifest.json": JSON.stringify(MANIFEST),
    "allowed/manifest.json": JSON.stringify({
      ...MANIFEST,
      content_security_policy: { extension_pages: "script-src 'self' 'wasm-unsafe-eval'" },
    }),
  },
  ways: [
    { ...extensionWay("background, the manifest's policy as it is", "plain"), warns: /wasm-unsafe-eval/ },
    extensionWay("background, policy with 'wasm-unsafe-eval'", "allowed"),
  ],
};

const electron: Row = {
  name: "electron",
  packages: ["electron@45.5.0"],
  files: {
    "package.json": JSON.stringify({ name: "newcomer", private: true, type: "module", main: "main.js" }),
    "main.js": `import { app } from "electron";
import { say } from "./hello.js";
say("hello").then(console.log, console.error).finally(() => app.quit());`,
  },
  ways: programWays("main process", "electron --no-sandbox .")
    .slice(0, 1)
    .map((way) => ({
      ...way,
      async show(project) {
        // npm 11 runs no scripts of packages by itself
        await project.run("node node_modules/electron/install.js", { seconds: 60 }).catch(() => {});
        if (!existsSync(project.path("node_modules/electron/dist/electron")))
          throw new NotHere("npm has the package, but its install script downloads the program from elsewhere");
        return way.show(project);
      },
    })),
};

export const HOSTS: readonly Row[] = [
  node,
  flags,
  executable,
  tsx,
  required,
  jest,
  deno,
  workerd,
  importMap,
  file,
  ownWorker,
  serviceWorker,
  audioWorklet,
  contentPolicy,
  extension,
  electron,
];
