/** @file Functions of one task's models, which refuse those of another by name. */
import { describe, kindError, sentence } from "../base/index.ts";
import { type Interruptible, interruptible, type WorkInPieces } from "../model/index.ts";

/** Function that a model of each kind is for. */
const USES: ReadonlyMap<unknown, string> = new Map([
  ["languageModel", "generate"],
  ["classifier", "classify"],
  ["imageClassifier", "classify"],
  ["tagger", "tag"],
  ["forecaster", "forecast"],
  ["translator", "translate"],
  ["transcriber", "transcribe"],
]);

/** Throws TypeError for what is not a model of this kind, or not a list where one is needed. */
function checkArguments(where: string, kind: string, model: unknown, input: unknown): void {
  const own: unknown = (model as { readonly kind?: unknown } | undefined | null)?.kind;
  if (typeof own !== "string") throw kindError(where, `a model that ${kind}() made`, model);
  if (own !== kind && own !== `image${kind[0].toUpperCase()}${kind.slice(1)}`) {
    const use = USES.get(own);
    const hint = use === undefined ? undefined : `${use}() is for that one`;
    throw Object.assign(new TypeError(sentence(where, `a ${kind}`, `a ${own}`, hint)), { code: "ERR_KIND" });
  }
  if (/All$|^evaluate/.test(where) && !Array.isArray(input))
    throw kindError(where, "a list as its second argument", input, `It takes several: [${describe(input)}] is one`);
}

/** `interruptible` for the models of a kind. */
export const interruptibleFor =
  (kind: string) =>
  <Model, Input, Options, Answer>(
    where: string,
    names: string,
    work: WorkInPieces<Model, Input, Options, Answer>,
  ): Interruptible<Model, Input, Options, Answer> =>
    interruptible(where, names, (model, input, options) => {
      checkArguments(where, kind, model, input);
      return work(model, input, options);
    });
