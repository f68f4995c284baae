/** @file `npm run verify:bundlers`: builds and runs a small program with each bundler and in each host, and prints what it ran on. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { closeBrowser } from "./pages.ts";
import { makeProject, pack } from "./project.ts";
import { QUICK_ROWS, ROWS } from "./rows.ts";
import { type Result, tryRow } from "./try-row.ts";
import { nodeLosses } from "./verdict.ts";

const USAGE = `Usage: npm run verify:bundlers -- [options] [row…]

  --list            the rows, and what they install
  --quick           only what CI runs: a few ways of rows that install nothing
  --only <text>     only ways whose description contains the text
  --package <file>  this tarball instead of the build
  --keep            leave the projects in the temporary folder, and say where
  --json <file>     write the table as JSON, too
  --help            this text`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    list: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    package: { type: "string" },
    keep: { type: "boolean", default: false },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

function chosenRows() {
  for (const name of positionals) {
    if (!ROWS.some((row) => row.name === name))
      throw new RangeError(`verify:bundlers: expected a row of --list, got "${name}"`);
  }
  return (values.quick ? QUICK_ROWS : ROWS)
    .filter(({ name }) => positionals.length === 0 || positionals.includes(name))
    .map((row) => ({ ...row, ways: row.ways.filter(({ what }) => what.includes(values.only)) }))
    .filter(({ ways }) => ways.length > 0);
}

const print = ({ row, version, what, engine, warnings, seconds, verdict, why }: Result): void => {
  const cells = [verdict.padEnd(8), row.padEnd(15), version.padEnd(14), what.padEnd(48), engine.padEnd(32)];
  console.log(`${cells.join(" ")} ${seconds.toFixed(1).padStart(5)} s`);
  for (const line of why === undefined ? warnings : [why]) console.log(`         ${line.replaceAll("\n", " | ")}`);
};

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "unrolled-packed-"));
  const results: Result[] = [];
  try {
    const tarball = values.package === undefined ? pack(folder) : resolve(values.package);
    const plain = await makeProject({ name: "plain", packages: [] }, tarball);
    const losses = nodeLosses(plain);
    plain.remove();
    for (const row of chosenRows()) {
      await tryRow(row, { tarball, losses, keep: values.keep }, (result) => {
        results.push(result);
        print(result);
      });
    }
  } finally {
    await closeBrowser();
    rmSync(folder, { recursive: true, force: true });
  }
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, undefined, 1)}\n`);
  const count = (verdict: Result["verdict"]): number => results.filter((result) => result.verdict === verdict).length;
  console.log(`${count("ok")} ok, ${count("RED")} red, ${count("not here")} not to be had here`);
  if (count("RED") > 0) process.exitCode = 1;
}

if (values.help) console.log(USAGE);
else if (values.list) {
  for (const { name, packages, ways } of ROWS)
    console.log(`${name.padEnd(16)}${String(ways.length).padStart(3)} ways  ${packages.join(" ") || "nothing"}`);
} else await main();
