/** @file Lines of a text that comes in pieces. */
import { DataError, sentence } from "../../base/index.ts";

/** A line without its end, and its number, counted from 1. */
export type Line = { readonly text: string; readonly line: number };

/** Cuts a text into lines. */
export type LineCutter = {
  /** Lines that end in this piece. */
  push(text: string): Line[];
  /** The last one, where it has no end. */
  end(): Line[];
};

/**
 * A cutter of lines, which end in "\n" or "\r\n", or in "\r" where the first one does and no "\n"
 * follows (old Macintoshes). `where` begins errors. Throws DataError for a zero byte, which no text
 * has.
 */
export function lineCutter(where: string): LineCutter {
  /** Parts of the line that has not ended yet, joined once. */
  let rest: string[] = [];
  let line = 0;
  let hasReturns: boolean | undefined;
  let isAfterReturn = false;

  const endsInReturn = (): boolean => rest.at(-1)?.endsWith("\r") ?? false;
  const ended = (): Line => {
    const text = rest.length === 1 ? rest[0] : rest.join("");
    rest = [];
    line++;
    return { text: text.endsWith("\r") ? text.slice(0, -1) : text, line };
  };
  const checkZero = (text: string): void => {
    const at = text.indexOf("\0");
    if (at < 0) return;
    const before = text.slice(0, at).split(hasReturns === true ? /\r\n?|\n/ : "\n").length - 1;
    const hint = "The file is damaged, or in an encoding that --encoding has to name, such as utf-16le";
    throw new DataError(sentence(`${where} line ${line + before + 1}`, "text", "a zero byte", hint));
  };
  /** Whether "\r" ends lines; undefined as long as the first one may be followed by "\n". */
  const decide = (text: string): boolean | undefined => {
    if (endsInReturn() && text !== "") return !text.includes("\n");
    const at = text.search(/[\r\n]/);
    if (at < 0) return undefined;
    if (text[at] === "\n") return false;
    return at + 1 === text.length ? undefined : !text.includes("\n", at);
  };
  const push = (piece: string): Line[] => {
    if (piece === "") return [];
    checkZero(piece);
    hasReturns ??= decide(piece);
    const found: Line[] = [];
    if (hasReturns === true) {
      let text = piece;
      if (endsInReturn()) found.push(ended());
      else if (isAfterReturn && text.startsWith("\n")) text = text.slice(1);
      isAfterReturn = text.endsWith("\r");
      const parts = text.split(/\r\n?|\n/);
      for (const [i, part] of parts.entries()) {
        if (part !== "" || i < parts.length - 1) rest.push(part);
        if (i < parts.length - 1) found.push(ended());
      }
      return found;
    }
    let at = 0;
    if (hasReturns === false)
      for (let end = piece.indexOf("\n"); end >= 0; end = piece.indexOf("\n", at)) {
        rest.push(piece.slice(at, end));
        at = end + 1;
        found.push(ended());
      }
    if (at < piece.length) rest.push(at === 0 ? piece : piece.slice(at));
    return found;
  };
  return { push, end: () => (rest.length === 0 ? [] : [ended()]) };
}

/** Lines of pieces, as many at a time as end in a piece. */
export async function* linesIn(
  where: string,
  pieces: AsyncIterable<string>,
): AsyncGenerator<readonly Line[], void, undefined> {
  const cutter = lineCutter(where);
  for await (const piece of pieces) {
    const lines = cutter.push(piece);
    if (lines.length > 0) yield lines;
  }
  yield cutter.end();
}
