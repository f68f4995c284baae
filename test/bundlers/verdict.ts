import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import type { Project } from "./project.ts";
import type { Hello, Shown, Way } from "./row.ts";

/** The losses of Node, unbundled, by numerics: each host must find the same. */
export type Losses = Readonly<Record<string, number>>;

/** Node's losses, from a project that has the package. */
export function nodeLosses(project: Project): Losses {
  const of = (numerics: string): number => {
    const line = execFileSync(process.execPath, [project.path("main.js")], {
      encoding: "utf8",
      env: { UNROLLED_NUMERICS: numerics },
      cwd: project.folder,
    });
    return (JSON.parse(line.slice(line.indexOf("{"))) as Hello).loss;
  };
  return { fma: of("fma"), portable: of("portable") };
}

/** What a way has shown; with one that must refuse, an error that says what it has to. Throws whatever else goes wrong. */
export async function show(way: Way, project: Project): Promise<Shown> {
  try {
    return await way.show(project);
  } catch (error) {
    if (way.refuses?.test(String(error)) !== true) throw error;
    return { warnings: [] };
  }
}

/** Why the way fails, or undefined where it does not. */
export function faultOf({ hello, warnings }: Shown, way: Way, losses: Losses): string | undefined {
  const { warns } = way;
  const ours = warnings.filter((line) => line.includes("unrolled:"));
  if (warns !== undefined) {
    if (ours.length !== 1) return `expected one warning, got ${ours.length}: ${warnings.join(" | ")}`;
    if (!warns.test(ours[0])) return `expected a warning that says ${warns}, got ${ours[0]}`;
  } else if (warnings.length > 0) return `expected no warning, got ${warnings.join(" | ")}`;
  if (way.refuses !== undefined) return hello === undefined ? undefined : `expected a refusal, got an answer`;
  if (hello === undefined) return undefined;
  const { engine, numerics, threads, running, loss } = hello;
  if (numerics !== undefined && loss !== losses[numerics])
    return `expected the loss ${losses[numerics]} of Node's ${numerics} numerics, got ${loss}`;
  if (numerics === "portable" && warns !== undefined) return undefined;
  if (engine !== undefined && engine !== "wasm") return `expected the engine wasm, got ${engine}`;
  if (loss !== losses["fma"]) return `expected the loss ${losses["fma"]} of Node's kernels, got ${loss}`;
  const expected = way.threads === true ? availableParallelism() : 1;
  if (engine !== undefined && (threads !== expected || running !== expected))
    return `expected ${expected} threads, got ${running} of ${threads}`;
  return undefined;
}

/** The engine in a few words. */
export function engineOf({ hello }: Shown, { refuses }: Way, losses: Losses): string {
  if (refuses !== undefined) return "says why not";
  if (hello === undefined) return "compiles";
  if (hello.engine === undefined) return `in a worker, ${hello.loss === losses["fma"] ? "fma" : "portable"}`;
  return `${hello.engine}, ${hello.numerics}, ${hello.running} of ${hello.threads} threads`;
}
