import { makeProject, type Project } from "./project.ts";
import { NotHere, type Row, type Shown, type Way } from "./row.ts";
import { engineOf, faultOf, type Losses, show } from "./verdict.ts";

/** A line of the table. */
export type Result = {
  readonly row: string;
  /** `name@version` of the tool, or where it comes from. */
  readonly version: string;
  readonly what: string;
  readonly engine: string;
  readonly warnings: readonly string[];
  readonly seconds: number;
  readonly verdict: "ok" | "RED" | "not here";
  /** Why it is red or not here. */
  readonly why: string | undefined;
};

export type TryOptions = {
  readonly tarball: string;
  readonly losses: Losses;
  /** Whether to leave the project where it is. */
  readonly keep?: boolean;
};

/** Characters of a reason. */
const MOST = 600;

async function tryWay(way: Way, project: Project, losses: Losses): Promise<Omit<Result, "row" | "version">> {
  const began = performance.now();
  const result = { what: way.what, engine: "none", warnings: [] as readonly string[] };
  const seconds = (): number => (performance.now() - began) / 1000;
  let shown: Shown;
  try {
    shown = await show(way, project);
  } catch (error) {
    const verdict = error instanceof NotHere ? "not here" : "RED";
    return {
      ...result,
      seconds: seconds(),
      verdict,
      why: error instanceof NotHere ? error.message : String(error).slice(0, MOST),
    };
  }
  const why = faultOf(shown, way, losses);
  return {
    ...result,
    engine: engineOf(shown, way, losses),
    warnings: shown.warnings,
    seconds: seconds(),
    verdict: why === undefined ? "ok" : "RED",
    why,
  };
}

/** Makes the project of a row and tries each of its ways. `told` gets each result when it is there. */
export async function tryRow(
  row: Row,
  { tarball, losses, keep = false }: TryOptions,
  told: (result: Result) => void,
): Promise<void> {
  const version = row.packages[0]?.replace(/^.*@/, "") ?? "this project's";
  const failed = (error: unknown): void =>
    told({
      row: row.name,
      version,
      what: "install",
      engine: "none",
      warnings: [],
      seconds: 0,
      verdict: "RED",
      why: String(error).slice(0, MOST),
    });
  const project = await makeProject(row, tarball).catch(failed);
  if (project === undefined) return;
  try {
    for (const way of row.ways) told({ row: row.name, version, ...(await tryWay(way, project, losses)) });
  } finally {
    if (keep) console.log(`${row.name}: ${project.folder}`);
    else project.remove();
  }
}
