/**
 * @file Installs the peers into `.bench`, each on its own: what can't be installed is a row that says why. Nothing is installed twice.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The program or folder of a peer, or why there is none. */
export type Tool = { readonly path: string } | { readonly missing: string };
export type Tools = { readonly torch: Tool; readonly tensorflow: Tool; readonly modules: Tool };

const folder = fileURLToPath(new URL("../.bench", import.meta.url));

const MODULES = {
  "@tensorflow/tfjs": "4.22.0",
  "@tensorflow/tfjs-backend-wasm": "4.22.0",
  "brain.js": "2.0.0-beta.24",
  "onnxruntime-node": "1.30.0",
  "onnxruntime-web": "1.30.0",
};

/** An installer that has nothing to say for so long is given up. */
const TIMEOUT = 600_000;

const TORCH = "torch==2.13.0";

export const installTorch = (progress: (text: string) => void): Tool =>
  pythonPackage(findPython(progress), TORCH, progress);

export function installPeers(progress: (text: string) => void): Tools {
  const python = findPython(progress);
  return {
    torch: pythonPackage(python, TORCH, progress),
    tensorflow: pythonPackage(python, "tensorflow-cpu==2.21.0", progress),
    modules: nodeModules(progress),
  };
}

/** BENCH_PYTHON, in which nothing is installed, or a virtual environment. */
function findPython(progress: (text: string) => void): Tool {
  const given = process.env["BENCH_PYTHON"];
  if (given !== undefined) return existsSync(given) ? { path: given } : { missing: `BENCH_PYTHON: no file ${given}` };
  const path = join(folder, "venv/bin/python");
  if (existsSync(path)) return { path };
  progress("python: a virtual environment in .bench/venv");
  const missing = failureOf("python3", ["-m", "venv", join(folder, "venv")]);
  return missing === undefined ? { path } : { missing: `python3: ${missing}` };
}

function pythonPackage(python: Tool, wanted: string, progress: (text: string) => void): Tool {
  if ("missing" in python) return python;
  const [name, version] = wanted.split("==");
  // a local version such as 2.13.0+cpu is the same version
  const check = `from importlib.metadata import version; assert version("${name}").split("+")[0] == "${version}"`;
  if (failureOf(python.path, ["-c", check]) === undefined) return python;
  if (process.env["BENCH_PYTHON"] !== undefined) return { missing: `no ${wanted} in BENCH_PYTHON` };
  progress(`python: installing ${wanted}`);
  const missing = failureOf(python.path, ["-m", "pip", "install", "--quiet", wanted, "numpy"]);
  return missing === undefined ? python : { missing: `pip: ${missing}` };
}

function nodeModules(progress: (text: string) => void): Tool {
  const path = join(folder, "npm");
  const manifest = JSON.stringify({ private: true, dependencies: MODULES }, undefined, 2);
  // written when the installation is complete
  const done = join(path, "installed.json");
  if (existsSync(done) && readFileSync(done, "utf8") === manifest) return { path };
  progress(`npm: installing ${Object.keys(MODULES).join(", ")}`);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, "package.json"), manifest);
  const missing = failureOf("npm", ["install", "--prefix", path, "--ignore-scripts", "--no-audit", "--no-fund"]);
  if (missing !== undefined) return { missing: `npm: ${missing}` };
  writeFileSync(done, manifest);
  return { path };
}

/** Runs a program to its end. Returns the last line of what it said where it fails. */
function failureOf(program: string, args: readonly string[]): string | undefined {
  const { error, status, stderr } = spawnSync(program, args, {
    encoding: "utf8",
    timeout: TIMEOUT,
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, PIP_RETRIES: "0" },
  });
  if (error) return error.message;
  return status === 0 ? undefined : (stderr.trim().split("\n").at(-1) ?? `exit ${status}`);
}
