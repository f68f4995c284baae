/** @file The Unicode form of a text that comes in pieces. */
import { type Normalization, normalized } from "../../data/index.ts";

/** Characters that surely never become one with what is before them. */
const BEGINS = "\\0-\\u02ff\\u3041-\\u3096\\u30a1-\\u30fa\\u3400-\\u9fff\\uac00-\\ud7a3";
/** The last of them, and what follows. */
const REST = new RegExp(`[${BEGINS}][^${BEGINS}]*$`);

/**
 * The form of the whole text, in pieces that are not split inside a character, nor between a letter
 * and its marks. The end of a piece, mostly a character, is held back until the next one is there.
 */
export function* normalizedPieces(pieces: Iterable<string>, form: Normalization): Generator<string, void, undefined> {
  if (form === "none") {
    yield* pieces;
    return;
  }
  let held = "";
  for (const piece of pieces) {
    const text = held + piece;
    const end = text.search(REST);
    if (end < 0) {
      held = text;
      continue;
    }
    held = text.slice(end);
    if (end > 0) yield normalized(text.slice(0, end), form);
  }
  if (held !== "") yield normalized(held, form);
}
