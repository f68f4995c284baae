import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { mean, square, sub, zeros } from "../../tensor/index.ts";
import { trainOn } from "../../train/index.ts";
import { readCsv } from "./read-csv.ts";

const directory = mkdtempSync(join(tmpdir(), "unrolled-csv-"));
afterAll(() => rmSync(directory, { recursive: true }));
const file = join(directory, "table.csv");

test("a table of many pieces is trained on row by row, and goes on where it was", async () => {
  const n = 200_000;
  writeFileSync(file, `x,text\r\n${Array.from({ length: n }, (_, i) => `${i % 5},"näme, ""${i}"""\r\n`).join("")}`);
  let at = 0;
  for (const { fields, line } of readCsv(file, { skip: 1 })) {
    if (at % 9973 === 0) expect([line, ...fields]).toEqual([at + 2, String(at % 5), `näme, "${at}"`]);
    at++;
  }
  expect(at).toBe(n);

  const run = async (steps: number, resume?: Awaited<ReturnType<ReturnType<typeof trainOn>["snapshot"]>>) => {
    const w = zeros([]);
    const training = trainOn(
      {
        parameters: { w },
        batches: () => readCsv(file, { skip: 1 }),
        loss: ({ fields }) => mean(square(sub(w, Number(fields[0])))),
      },
      { steps, ...(resume && { resume }) },
    );
    for await (const _ of training);
    return { snapshot: await training.snapshot(), w: w.item() };
  };
  const whole = await run(50);
  expect(whole.w).toBeGreaterThan(0.05);
  expect((await run(50, (await run(23)).snapshot)).w).toBe(whole.w);
});

test("errors have the file and the line", () => {
  writeFileSync(file, "a,b\n1\n");
  expect(() => [...readCsv(file)]).toThrow(`${file} line 2: expected 2 fields, got 1`);
  writeFileSync(file, Buffer.from("a,\xe9\xe8\xea\n", "latin1"));
  expect(() => [...readCsv(file)]).toThrow(/UTF-8 text/);
  expect(() => [...readCsv(join(directory, "none.csv"))]).toThrow(/ENOENT/);
});
