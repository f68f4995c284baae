import { dirname, join } from "node:path";
import { decodeModel } from "unrolled/tasks";
import { exportOnnx } from "unrolled/import";
import { statIfAny, writeFileDurably } from "unrolled/node";
import { typedModel } from "../tasks/task-of.ts";
import { UsageError } from "../terminal/failure.ts";
import { count } from "../terminal/format.ts";
import { say, sayJson } from "../terminal/output.ts";
import { largestDifference, LIMIT } from "./verify-onnx.ts";

export type ExportOptions = {
  /** The only one so far. */
  readonly format: "onnx";
  readonly out?: string;
  readonly opset?: number;
  readonly verify?: boolean;
  readonly json?: boolean;
};

/** Writes a model as an ONNX file, after a comparison of the two where that is asked for. */
export async function exportModel(directory: string, { out, opset, verify, json }: ExportOptions): Promise<void> {
  const model = decodeModel(typedModel(directory, "unrolled export RUN"));
  const file = exportOnnx(model, { opset });
  const difference = verify ? await largestDifference(file) : undefined;
  if (difference !== undefined && !(difference <= LIMIT))
    throw new Error(
      `expected ONNX Runtime's numbers within ${LIMIT} of the model's, got ${difference}. Nothing was written`,
    );
  const place = out ?? join(statIfAny(directory)?.isDirectory() ? directory : dirname(directory), "model.onnx");
  if (statIfAny(place)?.isDirectory())
    throw new UsageError(`--out: expected a file, got the directory ${JSON.stringify(place)}`);
  await writeFileDurably(place, file);
  if (json) {
    sayJson({ file: place, bytes: file.length, kind: model.kind, largestDifference: difference ?? null });
    return;
  }
  say(`wrote ${place} (${count(file.length)} bytes)`);
  if (difference !== undefined)
    say(`ONNX Runtime's numbers differ from the model's by at most ${difference.toExponential(1)}`);
}
