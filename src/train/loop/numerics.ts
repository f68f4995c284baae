/**
 * @file Which bits a run makes: part of its fingerprint, since a resumed run with other ones
 * is another run.
 */
import { DataError, sentence, warnOnce } from "../../base/index.ts";
import { engineReport, NUMERICS_VERSION } from "../../engine/index.ts";

/** Conditions that decide the bits, beside the options of a run. Threads and tiles don't. */
export type RunNumerics = {
  /** Such as "wasm" or "reference". */
  readonly engine: string;
  readonly numerics: string;
  readonly version: number;
};

export function runNumerics(): RunNumerics {
  const { name, numerics } = engineReport();
  return { engine: name, numerics, version: NUMERICS_VERSION };
}

/** Portable numerics are the same on every engine. */
const areEqual = (a: RunNumerics, b: RunNumerics): boolean =>
  a.version === b.version && a.numerics === b.numerics && (a.numerics === "portable" || a.engine === b.engine);

const inWords = ({ engine, numerics, version }: RunNumerics): string =>
  `${numerics} (engine ${engine}${version === NUMERICS_VERSION ? "" : `, version ${version}`})`;

const HINT =
  "`unrolled doctor` shows what runs here. --allow-other-numerics (allowOtherNumerics) resumes all the same, with other numbers";

/**
 * Throws DataError where `before`, the numerics of a checkpoint, gives other bits than those here,
 * unless they are allowed; one line says so then. An older checkpoint has none, which is said too.
 */
export function checkNumerics(before: RunNumerics | undefined, isAllowed: boolean): void {
  const here = runNumerics();
  if (before === undefined) {
    warnOnce(
      `the checkpoint does not say which numerics made it: the run resumes with ${inWords(here)}, and its numbers differ if those did`,
    );
    return;
  }
  if (areEqual(before, here)) return;
  if (!isAllowed)
    throw new DataError(
      sentence("train resume numerics", `${inWords(before)}, as in the checkpoint`, inWords(here), HINT),
    );
  warnOnce(
    `the run resumes with numerics ${inWords(here)} instead of ${inWords(before)}: its numbers differ from those of an uninterrupted run`,
  );
}
