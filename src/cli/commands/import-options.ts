/** @file Options of `unrolled import`. Its work is loaded when it is called. */
import type { Command } from "commander";
import { collect } from "../options/values.ts";
import type { ImportOptions } from "./import.ts";

const EXAMPLES = `
Examples:
  unrolled import model.onnx --out runs/mine
  unrolled import silero_vad.onnx --fix sr=16000 --out runs/vad
  unrolled inspect runs/mine

The file must say how its layers are joined, as ONNX files do. A file of weights alone is looked
into by unrolled inspect FILE, and read by readWeights of unrolled/import.`;

export function addImport(program: Command): void {
  program
    .command("import")
    .description("Read a model of another framework into a run directory.")
    .argument("<file>", "file, or folder of a model in several files")
    .requiredOption("--out <dir>", "run directory for the model")
    .option("--fix <input=numbers>", "input that is always the same, such as sr=16000; may be repeated", collect)
    .option("--overwrite", "replace the model that is there")
    .option("--json", "one line of JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (file: string, options: ImportOptions) => {
      const { importFile } = await import("./import.ts");
      await importFile(file, options);
    });
}
