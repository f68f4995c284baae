import type { Row } from "./row.ts";
import { BUNDLERS } from "./rows/bundlers.ts";
import { HOSTS } from "./rows/hosts.ts";
import { TYPES } from "./rows/types.ts";

export const ROWS: readonly Row[] = [...BUNDLERS, ...HOSTS, ...TYPES];

/**
 * What CI runs, of rows that install nothing: ways whose description is one of these or goes on with ", Node …". Pages that are isolated or have a strict
 * policy are those of browser.test.ts, types of a module those of package.test.ts.
 */
const QUICK: Readonly<Record<string, readonly string[]>> = {
  vite: ["page, isolated", "page, isolated, trainInWorker"],
  rolldown: ["page (iife)", "program (cjs)"],
  esbuild: [
    "page (iife)",
    "page (iife), trainInWorker",
    "program (esm)",
    "program (cjs)",
    "program (cjs), trainInWorker",
  ],
  require: ["require()"],
  "node-flags": ["program that may only read files", "program without WebAssembly (--jitless)"],
  "import-map": ["page, trainInWorker", "package from another origin"],
  "own-worker": ["worker of the page's own, isolated"],
  "service-worker": ["module, bundled"],
  "audio-worklet": ["bundled"],
  "content-policy": ["without 'wasm-unsafe-eval'"],
  typescript: ["types, node16 in CommonJS, neither DOM nor Node", "types, bundler, neither DOM nor Node"],
};

/** The rows that CI runs, with the ways that it tries. */
export const QUICK_ROWS: readonly Row[] = Object.entries(QUICK).map(([name, wanted]) => {
  const row = ROWS.find((each) => each.name === name);
  const ways = (row?.ways ?? []).filter(({ what }) =>
    wanted.some((each) => what === each || (what.startsWith(`${each}, Node`) && !what.includes("trainInWorker"))),
  );
  if (row === undefined || ways.length < wanted.length)
    throw new RangeError(`quick rows: "${name}" lacks one of its ways`);
  return { ...row, ways };
});
