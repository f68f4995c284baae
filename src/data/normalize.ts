/** @file Unicode forms of text: one spelling of "é" and of Hangul, where there are two. */

/**
 * Form that text is brought to before it is cut into tokens. "nfc": one character for a letter with
 * its marks, where there is one. "nfkc": also one for letters that are written otherwise, such as
 * ligatures and full-width letters. "none": as it is.
 */
export type Normalization = "nfc" | "nfkc" | "none";

export const NORMALIZATIONS: readonly Normalization[] = ["nfc", "nfkc", "none"];

/** The text in a form. */
export const normalized = (text: string, form: Normalization): string =>
  form === "none" ? text : text.normalize(form.toUpperCase());
