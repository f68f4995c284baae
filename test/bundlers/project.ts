import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type CommandOptions, type Output, run } from "./command.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const fixture = (name: string): string => join(root, "test/bundlers/fixtures", name);

/** The package as npm would publish it. The build must be there. */
export function pack(folder: string): string {
  const output = execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const parsed = JSON.parse(output) as { filename: string }[] | Record<string, { filename: string }>;
  return join(folder, (Array.isArray(parsed) ? parsed : Object.values(parsed))[0].filename);
}

const AWAY = "out-of-the-way";

/** A newcomer's project in a temporary folder, with the package installed. */
export type Project = {
  readonly folder: string;
  /** The path of a file in it. */
  path(...parts: string[]): string;
  write(files: Readonly<Record<string, string>>): void;
  run(command: string, options?: Omit<CommandOptions, "folder">): Promise<Output>;
  /** Runs a command that several ways need: once, whether it fails or not. */
  build(command: string): Promise<Output>;
  /** Runs `f` while a file or folder is out of the way. */
  without<R>(file: string, f: () => Promise<R>): Promise<R>;
  remove(): void;
};

/** The parts of a row of the matrix that a project is made of. */
type Ingredients = {
  readonly name: string;
  readonly packages: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
};

/** Makes the project of a row and installs what it needs. */
export async function makeProject({ name, packages, files = {} }: Ingredients, tarball: string): Promise<Project> {
  const folder = mkdtempSync(join(tmpdir(), `unrolled-${name}-`));
  const path = (...parts: string[]): string => join(folder, ...parts);
  const write = (contents: Readonly<Record<string, string>>): void => {
    for (const [file, content] of Object.entries(contents)) {
      mkdirSync(dirname(path(file)), { recursive: true });
      writeFileSync(path(file), content);
    }
  };
  write({ "package.json": JSON.stringify({ name: "newcomer", private: true, type: "module" }) });
  for (const file of ["hello.js", "main.js"]) copyFileSync(fixture(file), path(file));
  write(files);
  if (packages.length === 0) unpack(tarball, folder);
  else await run(`npm install --no-audit --no-fund ${[tarball, ...packages].join(" ")}`, { folder, seconds: 600 });
  const builds = new Map<string, Promise<Output>>();
  return {
    folder,
    path,
    write,
    run: (command, options) => run(command, { ...options, folder }),
    build(command) {
      const build = builds.get(command) ?? run(command, { folder });
      builds.set(command, build);
      return build;
    },
    async without(file, f) {
      renameSync(path(file), path(AWAY));
      try {
        return await f();
      } finally {
        renameSync(path(AWAY), path(file));
      }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** As npm would install it, with the dependencies of this project. */
function unpack(tarball: string, folder: string): void {
  const modules = join(folder, "node_modules");
  const installed = join(modules, "unrolled");
  mkdirSync(installed, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", installed, "--strip-components=1"]);
  const { dependencies } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  for (const name of Object.keys(dependencies)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
}
