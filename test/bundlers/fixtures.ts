/** @file Pieces of the projects' files that several rows share. */
import { readFileSync } from "node:fs";

/** The program's module, as it is in each project. */
export const HELLO = readFileSync(new URL("fixtures/hello.js", import.meta.url), "utf8");

/** It for `require`. */
export const HELLO_REQUIRED = HELLO.replace(/^import (\{.*\}) from (".*");$/m, "const $1 = require($2);").replace(
  /^export (async function (\w+))/m,
  "exports.$2 = $2;\n$1",
);

/** It with the package's address in place of its name. */
export const HELLO_BY_ADDRESS = HELLO.replace(`from "unrolled"`, `from "/unrolled/index.js"`);

const PAGE = `<!doctype html><meta charset="utf-8"><title>hello</title><link rel="icon" href="data:,"><body>`;

/** A page with a module. */
export const modulePage = (script: string, head = ""): string =>
  `${PAGE}${head}<script type="module" src="${script}"></script>`;

/** A page with a script that is no module. */
export const classicPage = (script: string): string => `${PAGE}<script src="${script}"></script>`;

/** The first import where nobody sees the console: keeps what is said there, to be sent with the answer. */
export const KEEP_WARNINGS = `export const warnings = [];
for (const name of ["warn", "error"]) console[name] = (...said) => void warnings.push(said.join(" "));
export const withWarnings = (line) => line.replace(/}$/, \`,"warnings":\${JSON.stringify(warnings)}}\`);
`;
