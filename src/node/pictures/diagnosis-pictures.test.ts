import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { GATES_FILE, GRADIENTS_FILE, writeDiagnosis } from "./diagnosis-pictures.ts";

test("draws a line for each layer and a histogram for each gate", async () => {
  const folder = mkdtempSync(join(tmpdir(), "unrolled-diagnosis-"));
  try {
    const histogram = Array.from({ length: 20 }, (_, i) => (i === 3 ? 0.81 : 0.01));
    const gates = [
      { layer: "rnn/0", gate: "i", range: [0, 1] as const, low: 0, high: 0, histogram },
      { layer: "rnn/0", gate: "g", range: [-1, 1] as const, low: 0, high: 0, histogram },
    ];
    const layers = ["rnn/0", "rnn/1"].map((layer) => ({ layer, norms: [0, 1e-4, NaN, 1e-2] }));
    const files = await writeDiagnosis(folder, { gradientByStep: layers, gates });
    expect(files).toEqual([join(folder, GRADIENTS_FILE), join(folder, GATES_FILE)]);
    const [lines, bars] = files.map((file) => readFileSync(file, "utf8"));
    for (const text of ["rnn/0", "rnn/1", "steps back"]) expect(lines).toContain(text);
    expect(lines.match(/<path d="M[^"]+L[^"]+" stroke="#\w+" stroke-width="2"/g)).toHaveLength(2);
    for (const text of ["rnn/0/i", "rnn/0/g"]) expect(bars).toContain(`>${text}<`);
    expect(bars.match(/M[^"MZ]+Z/g)).toHaveLength(40);
    expect(lines + bars).not.toMatch(/NaN|undefined/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
