import { beginningOf, type SourceFiles } from "../source.ts";

/** Whether the content is an ONNX model: its first field is a version, or a file is named so. */
export function isOnnx(files: SourceFiles): boolean {
  if (files.size > 1) return [...files.keys()].filter((name) => /\.onnx$/i.test(name)).length === 1;
  const [file] = files.values();
  const bytes = beginningOf(file, 16);
  // ir_version first, a number up to 127, then another field of ModelProto
  return (
    bytes.length === 16 && bytes[0] === 0x08 && bytes[1] < 128 && [0x12, 0x1a, 0x22, 0x3a, 0x42].includes(bytes[2])
  );
}
