/** @file Files of other programs that stand where a text has to. */
import { DataError, sentence } from "../../base/index.ts";

const SHEET = "Save it as CSV (in Excel: Save As, CSV UTF-8)";
const DOCUMENT = "Save its text as a text file, or its table as CSV";

/** The first bytes of each, what it is, and what to do. */
const FORMATS: readonly {
  readonly bytes: Buffer;
  readonly got: (begin: Buffer, where: string) => readonly [got: string, hint: string];
}[] = [
  { bytes: Buffer.from("PK\x03\x04", "latin1"), got: packed },
  {
    bytes: Buffer.from("d0cf11e0", "hex"),
    got: (_, where) =>
      /\.docx?$/i.test(where) ? ["a Word document (.doc)", DOCUMENT] : ["an old Excel workbook (.xls)", SHEET],
  },
  { bytes: Buffer.from("%PDF-"), got: () => ["a PDF", DOCUMENT] },
];

/** Office files are zip files, with names that tell. */
function packed(begin: Buffer, where: string): readonly [string, string] {
  const has = (name: string, extension: RegExp): boolean => extension.test(where) || begin.includes(name);
  if (has("xl/", /\.xls[xm]?$/i)) return ["an Excel workbook (.xlsx)", SHEET];
  if (has("opendocument.spreadsheet", /\.ods$/i)) return ["a spreadsheet (.ods)", SHEET];
  if (has("word/", /\.docx$/i)) return ["a Word document (.docx)", DOCUMENT];
  return ["a zip file, such as an Excel workbook (.xlsx)", "Unpack it, or save its table as CSV"];
}

/**
 * Throws DataError where a text begins as a workbook, another zip file or a PDF. "part" where more
 * bytes may make such a beginning.
 */
export function otherFormat(where: string, begin: Uint8Array): "part" | undefined {
  const found = Buffer.from(begin.buffer, begin.byteOffset, begin.length);
  for (const { bytes, got } of FORMATS) {
    const length = Math.min(found.length, bytes.length);
    if (length === 0 || !found.subarray(0, length).equals(bytes.subarray(0, length))) continue;
    if (length < bytes.length) return "part";
    const [what, hint] = got(found, where);
    throw new DataError(sentence(where, "text", what, hint));
  }
  return undefined;
}
