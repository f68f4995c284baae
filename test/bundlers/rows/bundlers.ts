/** @file Bundlers, each with no more configuration than a newcomer has. */
import { classicPage, modulePage } from "../fixtures.ts";
import { ISOLATION, NAMES_WORKERS, pageWays, pageWaysWithoutWorkers, servedWay } from "../pages.ts";
import { bundledWays, programWays } from "../programs.ts";
import type { Row, Way } from "../row.ts";

const DEV = "vite --port $PORT --strictPort";

/** Before version 8 the development server moves the package away from its workers, unless it is told not to. */
function vite(name: string, packages: readonly string[], { movesPackages = false } = {}): Row {
  const inWorker = { path: "/?worker" };
  return {
    name,
    packages,
    files: {
      "index.html": modulePage("/main.js"),
      "excluding.config.js": `export default { optimizeDeps: { exclude: ["unrolled"] } };`,
    },
    ways: [
      ...pageWays("vite build"),
      servedWay("page of vite dev", DEV),
      {
        ...servedWay("page of vite dev, trainInWorker", DEV, inWorker),
        ...(movesPackages && { refuses: NAMES_WORKERS }),
      },
      ...(movesPackages
        ? [
            servedWay(
              "page of vite dev, optimizeDeps.exclude, trainInWorker",
              `${DEV} --config excluding.config.js`,
              inWorker,
            ),
          ]
        : []),
    ],
  };
}

const viteLibrary: Row = {
  name: "vite-library",
  packages: ["vite@8.4.0"],
  files: {
    "vite.config.js": `export default {
      build: { lib: { entry: "main.js", name: "newcomer", fileName: "newcomer", formats: ["es", "umd"] } },
    };`,
    "page/index.html": modulePage("/newcomer.js"),
    "classic/index.html": classicPage("/newcomer.umd.cjs"),
  },
  ways: [
    ...pageWays("vite build && cp page/index.html dist", "dist", "library (es) in a page"),
    ...pageWaysWithoutWorkers("vite build --outDir umd && cp classic/index.html umd", "umd", "library (umd) in a page"),
    ...bundledWays("library (es) in Node", "vite build && cp page/index.html dist", "node dist/newcomer.js", {
      threads: false,
    }),
  ],
};

const NEXT_FILES = {
  "package.json": JSON.stringify({ name: "newcomer", private: true }),
  "app/layout.jsx": `export default function Layout({ children }) {
    return <html><head><link rel="icon" href="data:," /></head><body>{children}</body></html>;
  }`,
  "app/page.jsx": `"use client";
  import { useEffect } from "react";
  import { say } from "../hello.js";
  export default function Page() {
    useEffect(() => {
      say(location.search.slice(1) || "hello").then((line) => console.log(line), (error) => console.error(String(error)));
    }, []);
    return <p>hello</p>;
  }`,
  "app/api/hello/route.js": `import { say } from "../../../hello.js";
  export const dynamic = "force-dynamic";
  export async function GET(request) {
    return new Response(await say(new URL(request.url).searchParams.has("worker") ? "worker" : "hello").catch(String));
  }`,
  // shows what a route has answered, as the other pages do
  "public/answer.html": `<!doctype html><link rel="icon" href="data:,"><script>
    fetch("/api/hello" + location.search).then((answer) => answer.text()).then((line) => console.log(line));
  </script>`,
};

function next(name: string, bundler: string): Row {
  const build = `next build ${bundler}`;
  const start = "next start -p $PORT";
  const page = (what: string, path: string, headers = {}): Way => servedWay(what, start, { build, path, headers });
  return {
    name,
    packages: ["next@16.4.6", "react@19.3.1", "react-dom@19.3.1"],
    files: NEXT_FILES,
    ways: [
      page("client component", "/"),
      page("client component, isolated", "/", ISOLATION),
      page("client component, trainInWorker", "/?worker"),
      { ...page("route handler", "/answer.html"), threads: true },
      page("route handler, trainInWorker", "/answer.html?worker"),
      servedWay("page of next dev", `next dev -p $PORT ${bundler}`),
    ],
  };
}

const webpack: Row = {
  name: "webpack5",
  packages: ["webpack@5.113.0", "webpack-cli@7.3.1"],
  files: { "dist/index.html": classicPage("/main.js"), "src/index.js": `import "../main.js";` },
  ways: [
    ...pageWays("webpack --mode production"),
    ...bundledWays(
      "program (--target node)",
      `webpack --mode production --target node --output-path out && echo '{ "type": "commonjs" }' > out/package.json`,
      "node out/main.js",
    ),
  ],
};

const rollup: Row = {
  name: "rollup",
  packages: ["rollup@4.68.8", "@rollup/plugin-node-resolve@16.0.3"],
  files: { "dist/index.html": modulePage("/main.js"), "iife/index.html": classicPage("/main.js") },
  ways: [
    ...pageWaysWithoutWorkers("rollup main.js -p node-resolve --dir dist", "dist", "page (es)"),
    ...pageWaysWithoutWorkers(
      "rollup main.js -p node-resolve --format iife --file iife/main.js",
      "iife",
      "page (iife)",
    ),
    ...bundledWays(
      "program (es)",
      `rollup main.js -p 'node-resolve={exportConditions:["node"]}' --dir out`,
      "node out/main.js",
    ),
    ...bundledWays(
      "program (cjs)",
      `rollup main.js -p 'node-resolve={exportConditions:["node"]}' --format cjs --file out-cjs/main.cjs`,
      "node out-cjs/main.cjs",
    ),
    ...bundledWays(
      "program without the condition node",
      "rollup main.js -p node-resolve --dir dist",
      "node dist/main.js",
      { threads: false },
    ),
  ],
};

type Format = "esm" | "iife" | "cjs";
type Platform = "browser" | "node";

/** Bundles of one file, for pages and for Node. `command` writes one, with options more than usual. */
function singleFiles(
  name: string,
  formatsOfNode: readonly Format[],
  command: (format: Format, platform: Platform, file: string, more?: string) => string,
): Row {
  const page = (format: Format, folder: string, more = ""): Way[] =>
    pageWaysWithoutWorkers(command(format, "browser", `${folder}/main.js`, more), folder, `page (${format}${more})`);
  const program = (format: Format, platform: Platform, more = ""): Way[] => {
    const file = `${platform}${more === "" ? "" : "-small"}/${format}.${format === "esm" ? "mjs" : "cjs"}`;
    const title = `program (${format}${more}${platform === "node" ? "" : ", built for a page"})`;
    return bundledWays(title, command(format, platform, file, more), `node ${file}`, { threads: platform === "node" });
  };
  return {
    name,
    packages: [],
    files: {
      "esm/index.html": modulePage("/main.js"),
      "iife/index.html": classicPage("/main.js"),
      "small/index.html": classicPage("/main.js"),
    },
    ways: [
      ...page("esm", "esm"),
      ...page("iife", "iife"),
      ...page("iife", "small", " --minify"),
      ...formatsOfNode.flatMap((format) => program(format, "node")),
      ...program("cjs", "node", " --minify"),
      ...program("esm", "browser"),
      ...program("cjs", "browser"),
    ],
  };
}

const esbuild = singleFiles(
  "esbuild",
  ["esm", "cjs", "iife"],
  (format, platform, file, more = "") =>
    `esbuild main.js --bundle --log-level=error --format=${format} --platform=${platform} --outfile=${file}${more}${more && " --keep-names --target=es2020"}`,
);

const rolldown = singleFiles(
  "rolldown",
  ["esm", "cjs"],
  (format, platform, file, more = "") =>
    `rolldown main.js --format ${format} --platform ${platform} --file ${file}${more}`,
);

const parcel: Row = {
  name: "parcel2",
  packages: ["parcel@2.16.4"],
  files: { "index.html": modulePage("main.js") },
  ways: pageWays("parcel build index.html"),
};

const rsbuild: Row = {
  name: "rsbuild",
  packages: ["@rsbuild/core@2.3.2"],
  files: { "src/index.js": `import "../main.js";` },
  ways: pageWays("rsbuild build"),
};

const BUN = ["bun@1.4.5"];

const bun: Row = {
  name: "bun",
  packages: BUN,
  files: { "dist/index.html": modulePage("/main.js") },
  ways: [
    ...programWays("program, not bundled", "bun run main.js"),
    ...pageWaysWithoutWorkers("bun build main.js --outdir dist", "dist", "page (bun build)"),
    ...bundledWays(
      "program (--target=node) in Node",
      "bun build main.js --target=node --outdir out",
      "node out/main.js",
    ),
    ...bundledWays(
      "program (--target=node --format=cjs) in Node",
      "bun build main.js --target=node --format=cjs --outfile out/main.cjs",
      "node out/main.cjs",
    ),
    ...bundledWays("program (--target=bun)", "bun build main.js --target=bun --outdir out-bun", "bun out-bun/main.js"),
    ...bundledWays("executable (--compile)", "bun build main.js --compile --outfile main", "./main"),
  ],
};

export const BUNDLERS: readonly Row[] = [
  vite("vite", []),
  vite("vite5", ["vite@5.4.21"], { movesPackages: true }),
  vite("vite6", ["vite@6.4.6"], { movesPackages: true }),
  vite("vite7", ["vite@7.3.8"], { movesPackages: true }),
  vite("vite8", ["vite@8.4.0"]),
  viteLibrary,
  next("next", ""),
  next("next-webpack", "--webpack"),
  webpack,
  rollup,
  rolldown,
  esbuild,
  parcel,
  rsbuild,
  bun,
];
