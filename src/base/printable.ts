/**
 * Characters that act on a terminal instead of being shown: controls (C0 except line breaks and
 * tabs, DEL, C1), line and paragraph separators, marks that reorder the text around them
 * (CVE-2021-42574), and halves of surrogate pairs.
 */
const ACTS = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

const escaped = (sign: string): string => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`;

/**
 * Untrusted text made safe to print to a terminal: each character that would act on the terminal is
 * written as its JSON escape, such as `\u001b`. Line breaks and tabs stay.
 */
export const printable = (text: string): string =>
  text.replaceAll(ACTS, (sign) => (sign === "\n" || sign === "\t" ? sign : escaped(sign)));

/**
 * A value as one line of JSON, without the line break, that is also safe to print to a terminal:
 * characters that would act on it are written as JSON escapes. JSON has no NaN: a number that is
 * not finite is written as the text "NaN", "Infinity" or "-Infinity". Half of a surrogate pair,
 * which strict readers refuse, becomes U+FFFD. Members that are undefined are left out.
 */
export function jsonLine(value: unknown): string {
  const text = JSON.stringify(value, (_key, member: unknown) => {
    if (typeof member === "number" && !Number.isFinite(member)) return String(member);
    return typeof member === "string" ? member.replaceAll(/\p{Surrogate}/gu, "\ufffd") : member;
  });
  return text.replaceAll(ACTS, escaped);
}
