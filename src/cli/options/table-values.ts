/** @file Parsers of options of tables and texts. */
import { InvalidArgumentError } from "commander";

/** Checks the name of an encoding. */
export function checkEncoding(typed: string): string {
  try {
    void new TextDecoder(typed);
  } catch {
    throw new InvalidArgumentError("Expected an encoding, such as utf-8, utf-16le, latin1, euc-kr or shift_jis.");
  }
  return typed;
}

/** Checks a separator; words stay words. */
export function separatorOf(typed: string): string {
  if (["tab", "\\t", "space", "comma", "semicolon"].includes(typed)) return typed;
  if (typed.length === 1 && !'"\r\n'.includes(typed)) return typed;
  throw new InvalidArgumentError("Expected one character, tab or space.");
}
