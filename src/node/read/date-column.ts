/** @file The form of the dates of a column, which all of them decide together. */
import { DATE_FORMS, type DateForm, type Wall } from "./date-forms.ts";

export type FormsFound = {
  /** Forms that read most of the texts, the likeliest first. */
  readonly forms: readonly DateForm[];
  /** Share of the texts that they read. */
  readonly share: number;
};

/** Forms that read all of the texts; where there is none, the one that reads most of them. */
export function formsOf(texts: readonly string[]): FormsFound {
  let live: readonly DateForm[] = DATE_FORMS;
  for (const text of texts) {
    live = live.filter((form) => form.read(text) !== undefined);
    if (live.length === 0) break;
  }
  if (live.length > 0) {
    const usual = live.filter(({ isRare }) => isRare !== true);
    return { forms: usual.length > 0 ? usual : live, share: 1 };
  }
  // those of a long table are looked at here and there
  const stride = Math.ceil(texts.length / SAMPLE);
  const sample = texts.filter((_, i) => i % stride === 0);
  let [best, most] = [DATE_FORMS[0], 0];
  for (const form of DATE_FORMS) {
    const count = sample.filter((text) => form.read(text) !== undefined).length;
    if (count > most) [best, most] = [form, count];
  }
  return { forms: [best], share: sample.length === 0 ? 0 : most / sample.length };
}

/** Texts that are tried where no form reads all. */
const SAMPLE = 500;

/**
 * Forms that read different dates in the texts, each with its dates; undefined where one reads
 * none.
 */
export function readings(
  texts: readonly string[],
  forms: readonly DateForm[],
): { readonly form: DateForm; readonly walls: readonly (Wall | undefined)[] }[] {
  const found = forms.map((form) => ({ form, walls: texts.map(form.read) }));
  return found.filter(({ walls }, i) =>
    found.slice(0, i).every((other) => other.walls.some((wall, at) => wall?.wall !== walls[at]?.wall)),
  );
}
