/** The quick rows of the matrix of bundlers and hosts; `npm run verify:bundlers` has all of them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { closeBrowser } from "./bundlers/pages.ts";
import { makeProject, pack, type Project } from "./bundlers/project.ts";
import { NotHere } from "./bundlers/row.ts";
import { QUICK_ROWS } from "./bundlers/rows.ts";
import { faultOf, type Losses, nodeLosses, show } from "./bundlers/verdict.ts";

const folder = mkdtempSync(join(tmpdir(), "unrolled-packed-"));
let tarball: string;
let losses: Losses;

beforeAll(async () => {
  tarball = pack(folder);
  const plain = await makeProject({ name: "plain", packages: [] }, tarball);
  losses = nodeLosses(plain);
  plain.remove();
});
afterAll(async () => {
  await closeBrowser();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(QUICK_ROWS)("$name", (row) => {
  let project: Project;
  beforeAll(async () => {
    project = await makeProject(row, tarball);
  });
  afterAll(() => project?.remove());

  test.for(row.ways)("$what", async (way, { skip }) => {
    const shown = await show(way, project).catch((error: unknown) => {
      if (error instanceof NotHere) return skip(error.message);
      throw error;
    });
    expect(faultOf(shown, way, losses) ?? "ok").toBe("ok");
  });
});
