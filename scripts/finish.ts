/**
 * @file The last step of the build: the compiled kernels beside the code that loads them, an
 * executable command, the examples without types, and what makes modules of dist/cjs, whose declarations have to lie in a
 * package of CommonJS too.
 */
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { sep } from "node:path";
import { transformSync } from "rolldown/utils";

const path = (relative: string): URL => new URL(relative, import.meta.url);

cpSync(path("../src/kernels"), path("../dist/kernels"), { recursive: true });
chmodSync(path("../dist/cli/main.js"), 0o755);

/**
 * The platform's types by their place: `#platform` means the sources, which a user's compiler would
 * read then.
 */
for (const file of readdirSync(path("../dist"), { recursive: true, encoding: "utf8" })) {
  if (!file.endsWith(".d.ts")) continue;
  const up = "../".repeat(file.split(sep).length - 1) || "./";
  const declarations = readFileSync(path(`../dist/${file}`), "utf8");
  writeFileSync(path(`../dist/${file}`), declarations.replaceAll('"#platform"', `"${up}platform/types.js"`));
}

writeFileSync(path("../dist/cjs/package.json"), `${JSON.stringify({ type: "commonjs", sideEffects: false })}\n`);
for (const file of readdirSync(path("../dist"), { recursive: true, encoding: "utf8" })) {
  if (file.endsWith(".d.ts") && !/^(cjs|cli)\b/.test(file))
    cpSync(path(`../dist/${file}`), path(`../dist/cjs/${file}`), { recursive: true });
}

mkdirSync(path("../dist/examples"));
for (const file of readdirSync(path("../examples"))) {
  if (!file.endsWith(".ts")) continue;
  const { code, errors } = transformSync(file, readFileSync(path(`../examples/${file}`), "utf8"));
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join("\n"));
  writeFileSync(path(`../dist/examples/${file.replace(/\.ts$/, ".js")}`), code);
}
