/** @file Element types as numpy calls them. */
import { sentence, UnsupportedError } from "../base/index.ts";
import { bytesOfElement, type ElementType, isElementType } from "./element-types.ts";

const kinds: Readonly<Record<string, string>> = { f: "float", i: "int", u: "uint" };

/** The element type that numpy calls "f4" or "b1". Throws UnsupportedError for others. */
export function numpyElementType(where: string, code: string, isBigEndian: boolean): ElementType {
  const [, kind, bytes] = /^([fiub])(\d)$/.exec(code) ?? [];
  const type = code === "b1" ? "bool" : `${kinds[kind] ?? ""}${8 * Number(bytes)}`;
  if (!isElementType(type)) throw new UnsupportedError(sentence(where, "an array of numbers", JSON.stringify(code)));
  if (isBigEndian && bytesOfElement(type) > 1)
    throw new UnsupportedError(
      sentence(
        where,
        "little-endian numbers",
        `big-endian ${JSON.stringify(code)}`,
        `Convert them: array.astype("<${code}")`,
      ),
    );
  return type;
}
