/** @file Options of `unrolled export`. Its work is loaded when it is called. */
import { type Command, Option } from "commander";
import { integer } from "../options/values.ts";
import type { ExportOptions } from "./export.ts";

const EXAMPLES = `
Examples:
  unrolled export runs/book
  unrolled export runs/spam --out spam.onnx --verify

--verify runs the file in ONNX Runtime on random input of different lengths, beside the model, and
prints the largest difference. It needs the package: npm install onnxruntime-web`;

export function addExport(program: Command): void {
  program
    .command("export")
    .description("Write a model as a file that other programs run.")
    .argument("<dir>", "run directory or model file")
    .addOption(new Option("--format <name>", "format of the file").choices(["onnx"]).default("onnx"))
    .option("--out <file>", "name of the file (default: model.onnx beside the model)")
    .option("--opset <n>", "version of ONNX's operator set, 14 to 22 (default: 17)", integer(14, 22))
    .option("--verify", "compare with ONNX Runtime on random input")
    .option("--json", "one line of JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (directory: string, options: ExportOptions) => {
      const { exportModel } = await import("./export.ts");
      await exportModel(directory, options);
    });
}
