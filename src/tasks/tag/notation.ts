/** @file Notations of tags: their letters, where these stand, and what joins them. */
import { DataError, sentence } from "../../base/index.ts";
import { OUTSIDE, partsOf, type TagScheme } from "../../metrics/index.ts";
import { placedLike, type TaggedExample, tokenPlaceOf } from "./words.ts";

/** Notation of tags of spans, such as `B-PER`, `PER_U` or a `B` alone. */
export type TagNotation = {
  /**
   * Letters for the beginning of a span, its inside, its end, and a span of one token: "BI",
   * "BIES", "BILU", "BMEW".
   */
  readonly letters: string;
  /** Place of the letter. */
  readonly order: "prefix" | "suffix";
  /** Sign between letter and label; empty where tags have no label. */
  readonly separator: string;
  /** Tag of tokens outside of all spans. */
  readonly outside: string;
};

/** Notation of the schemes' own tags. */
export const notationOf = (scheme: TagScheme): TagNotation => ({
  letters: scheme === "BIOES" ? "BIES" : "BI",
  order: "prefix",
  separator: "-",
  outside: OUTSIDE,
});

export const isOwnNotation = ({ letters, order, separator, outside }: TagNotation): boolean =>
  "BIES".startsWith(letters) && order === "prefix" && separator === "-" && outside === OUTSIDE;

/** Label of tags that have none, as in seqeval. */
const NO_LABEL = "_";

/** Tags that may stand for "O" where there is none. */
const OUTSIDES: ReadonlySet<string> = new Set([
  ..."o0_-*",
  ..."OTHER Other other OUT NONE None none null NIL".split(" "),
]);

type Role = "B" | "I" | "E" | "S";

const ROLES: Readonly<Record<string, Role>> = { B: "B", I: "I", M: "I", E: "E", L: "E", S: "S", U: "S", W: "S" };

const roleOf = (letter: string): Role | undefined =>
  Object.hasOwn(ROLES, letter.toUpperCase()) ? ROLES[letter.toUpperCase()] : undefined;

type Style = Pick<TagNotation, "order" | "separator">;
type Parts = { readonly letter: string; readonly role: Role; readonly label: string };

/** Signs between letter and label, the usual ones first. */
const SEPARATORS = ["-", "_", ":", "/", ".", "|", " "];

const STYLES: readonly Style[] = [
  ...SEPARATORS.map((separator) => ({ order: "prefix", separator }) as const),
  ...SEPARATORS.map((separator) => ({ order: "suffix", separator }) as const),
];

const BARE: Style = { order: "prefix", separator: "" };

function partsIn(tag: string, { order, separator }: Style): Parts | undefined {
  const isPrefix = order === "prefix";
  const letter = isPrefix ? tag.slice(0, 1) : tag.slice(-1);
  const role = roleOf(letter);
  // words end in small letters
  if (role === undefined || (!isPrefix && letter !== letter.toUpperCase())) return undefined;
  if (separator === "") return tag.length === 1 ? { letter, role, label: NO_LABEL } : undefined;
  const label = isPrefix ? tag.slice(2) : tag.slice(0, -2);
  const sign = isPrefix ? tag.slice(1, 2) : tag.slice(-2, -1);
  return sign === separator && label.trim() !== "" ? { letter, role, label } : undefined;
}

type Counts = ReadonlyMap<string, number>;

function countsOfTags(sequences: Iterable<readonly string[]>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const tags of sequences) for (const tag of tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  return counts;
}

const total = (counts: Counts, wanted: (tag: string) => boolean): number =>
  [...counts].reduce((sum, [tag, count]) => sum + (wanted(tag) ? count : 0), 0);

/** Style that most tags have, and how many. */
function likeliest(counts: Counts): { readonly style: Style; readonly fits: number } {
  const tags = [...counts.keys()];
  const isBare = tags.includes("B") && tags.every((tag) => OUTSIDES.has(tag) || tag === OUTSIDE || partsIn(tag, BARE));
  if (isBare) return { style: BARE, fits: total(counts, (tag) => partsIn(tag, BARE) !== undefined) };
  const found = STYLES.map((style) => ({ style, fits: total(counts, (tag) => partsIn(tag, style) !== undefined) }));
  return found.reduce((best, one) => (one.fits > best.fits ? one : best));
}

/** The only tag that can stand for "O", where it stands at many tokens. */
function outsideOf(counts: Counts, style: Style): string {
  if (counts.has(OUTSIDE)) return OUTSIDE;
  const others = [...counts.keys()].filter((tag) => partsIn(tag, style) === undefined);
  const [only] = others;
  const isOutside =
    others.length === 1 && OUTSIDES.has(only) && (counts.get(only) ?? 0) * 4 >= total(counts, () => true);
  return isOutside ? only : OUTSIDE;
}

const isCapital = (letter: string): boolean => letter === letter.toUpperCase();

/** The letter of each role that occurs most; all are capitals, or none. */
function lettersOf(counts: Counts, style: Style): Map<Role, string> {
  const found = new Map<string, number>();
  for (const [tag, count] of counts) {
    const letter = partsIn(tag, style)?.letter;
    if (letter !== undefined) found.set(letter, (found.get(letter) ?? 0) + count);
  }
  const letters = new Map<Role, string>();
  const sorted = [...found].toSorted(([, a], [, b]) => b - a).map(([letter]) => letter);
  const areCapitals = isCapital(sorted[0]);
  for (const letter of sorted) {
    const role = roleOf(letter) as Role;
    if (!letters.has(role) && isCapital(letter) === areCapitals) letters.set(role, letter);
  }
  return letters;
}

/**
 * Whether tags for ends and single tokens are of the scheme: there are at least as many as there
 * are spans that end without them.
 */
function hasEnds(sequences: readonly (readonly string[])[], style: Style): boolean {
  let ends = 0;
  let open = 0;
  for (const tags of sequences) {
    const parts = tags.map((tag) => partsIn(tag, style));
    parts.forEach((part, t) => {
      if (part === undefined) return;
      if (part.role === "E" || part.role === "S") ends++;
      else {
        const next = parts[t + 1];
        if (next?.label !== part.label || !"IE".includes(next.role)) open++;
      }
    });
  }
  return ends > 0 && ends >= open;
}

/** Less of the tags of words in spans than this are no scheme with mistakes, but none. */
const SCHEME_SHARE = 0.2;

/** Notation that was found in the tags of some sentences. */
export type FoundNotation = {
  /** Undefined for tags without a scheme, such as parts of speech. */
  readonly notation: TagNotation | undefined;
  /** Whether a tag can't be of the notation, though most are. */
  readonly isBroken: (tag: string) => boolean;
};

/** Notation of tags, from all that there are. */
export function findNotation(sequences: readonly (readonly string[])[]): FoundNotation {
  const counts = countsOfTags(sequences);
  const none = { notation: undefined, isBroken: () => false };
  const { style, fits } = likeliest(counts);
  if (fits === 0) return none;
  const outside = outsideOf(counts, style);
  const inSpans = total(counts, (tag) => tag !== outside);
  const isUsual = counts.has(OUTSIDE) || "-_".includes(style.separator);
  if (fits < inSpans && (!isUsual || fits < SCHEME_SHARE * inSpans)) return none;
  const letters = lettersOf(counts, style);
  if (!hasEnds(sequences, style)) for (const role of ["E", "S"] as const) letters.delete(role);
  const notation = { ...style, letters: completed(letters), outside };
  return { notation, isBroken: (tag) => ownTag(tag, notation) === undefined };
}

/** Letters of all roles, also of those that the data happen not to need. */
function completed(letters: ReadonlyMap<Role, string>): string {
  const [begin = "B", inside = "I", end, single] = (["B", "I", "E", "S"] as const).map((role) =>
    letters.get(role)?.toUpperCase(),
  );
  const usual = inside === "M" && single === "W" ? "W" : end === "L" ? "U" : "S";
  const ends =
    end === undefined && single === undefined ? "" : (end ?? (single === "U" ? "L" : "E")) + (single ?? usual);
  const all = begin + inside + ends;
  return [...letters.values()].every(isCapital) ? all : all.toLowerCase();
}

/** Scheme of the tags in a notation, as a model knows it. */
export const schemeOf = (notation: TagNotation | undefined): TagScheme => {
  if (notation === undefined) return "none";
  return notation.letters.length > 2 ? "BIOES" : "BIO";
};

/** A tag as "BIO" or "BIOES" writes it; undefined if it isn't of the notation. */
export function ownTag(tag: string, notation: TagNotation): string | undefined {
  if (tag === notation.outside) return OUTSIDE;
  const parts = partsIn(tag, notation);
  if (parts === undefined || !notation.letters.includes(parts.letter)) return undefined;
  return `${parts.role}-${parts.label}`;
}

/** A tag of "BIO" or "BIOES" in a notation that has its letter. */
export function writtenTag(tag: string, { letters, order, separator, outside }: TagNotation): string {
  if (tag === OUTSIDE) return outside;
  const { prefix, label } = partsOf(tag);
  const letter = letters["BIES".indexOf(prefix)];
  if (separator === "") return letter;
  return order === "prefix" ? letter + separator + label : label + separator + letter;
}

/** The forms of its tags, for messages. */
export function describeNotation({ letters, order, separator, outside }: TagNotation): string {
  const tag = (letter: string): string =>
    separator === "" ? letter : order === "prefix" ? `${letter}${separator}X` : `X${separator}${letter}`;
  return `${[...letters].map(tag).join(", ")} or ${outside}`;
}

/** Sentences whose tags are of one scheme. */
export type TagsInScheme = {
  readonly examples: readonly TaggedExample[];
  readonly scheme: TagScheme;
  /** Notation that the tags had. Undefined for scheme "none". */
  readonly notation: TagNotation | undefined;
};

export type ReadSchemeOptions = {
  /** "none" takes tags as they are; another one has to be there. Default: what the tags are. */
  readonly scheme?: TagScheme | undefined;
  /**
   * Called with the error about a sentence whose tags are not of the scheme that the others have;
   * the sentence is left out. Default: the error is thrown.
   */
  readonly onBad?: ((error: DataError) => void) | undefined;
};

/**
 * Sentences with their tags as "BIO" or "BIOES" writes them, whatever the notation: IOB1, BILOU,
 * BMEWO and others, letters before or after the label. Tags that are of no scheme stay as they are.
 *
 * Throws DataError, with the place, for a tag that is not of the scheme that most tags are of.
 */
export function tagsInScheme(
  examples: readonly TaggedExample[],
  { scheme, onBad }: ReadSchemeOptions = {},
): TagsInScheme {
  const asTheyAre = { examples, scheme: "none", notation: undefined } as const;
  if (scheme === "none") return asTheyAre;
  const sequences = examples.map(({ tags }) => tags);
  const { notation: found } = findNotation(sequences);
  const notation = found ?? (scheme === undefined ? undefined : notationOf(scheme));
  if (notation === undefined) return asTheyAre;
  const counts = countsOfTags(sequences);
  const all = total(counts, () => true);
  const right = total(counts, (tag) => ownTag(tag, notation) !== undefined);
  const kept = examples.flatMap((example) => {
    const { tokens, tags } = example;
    const own = tags.map((tag) => ownTag(tag, notation));
    const wrong = own.indexOf(undefined);
    if (wrong < 0) return [{ example, own: own as string[], tokens }];
    const as = found === undefined ? "" : `, as ${right} of ${all} are`;
    const error = new DataError(
      sentence(
        tokenPlaceOf(example, wrong) ?? "tags",
        `a tag like ${describeNotation(notation)}${as}`,
        JSON.stringify(tags[wrong]),
        `Correct it, or take tags as they are with scheme "none" (--scheme none)`,
      ),
    );
    if (onBad === undefined) throw error;
    onBad(error);
    return [];
  });
  const converted = isOwnNotation(notation)
    ? kept.map(({ example }) => example)
    : kept.map(({ example, own, tokens }) => placedLike({ tokens, tags: own }, example));
  return { examples: converted, scheme: schemeOf(notation), notation };
}
