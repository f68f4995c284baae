/** @file Functions over work in pieces: at once, or, with a signal, as a promise. */
import { checkOptions } from "../base/index.ts";
import { carryOut, type MaybeSignal, type Pieces, type WithoutSignal, type WithSignal } from "#platform";

/** A function of a model and an input; with `signal` in the options its answer is a promise. */
export type Interruptible<Model, Input, Options, Answer> = {
  (model: Model, input: Input, options: Options & WithSignal): Promise<Answer>;
  (model: Model, input: Input, options?: Options & WithoutSignal): Answer;
};

/** The work of such a function, which yields wherever others may run. */
export type WorkInPieces<Model, Input, Options, Answer> = (
  model: Model,
  input: Input,
  options: Options,
) => Pieces<Answer>;

/**
 * Runs the pieces at once; with a signal, others have their turn every few milliseconds, and the
 * promise rejects with the signal's reason when that aborts. `names` are those of the options,
 * separated by spaces.
 */
export function interruptible<Model, Input, Options, Answer>(
  where: string,
  names: string,
  work: WorkInPieces<Model, Input, Options, Answer>,
): Interruptible<Model, Input, Options, Answer> {
  const run = (model: Model, input: Input, given: MaybeSignal = {}): Answer | Promise<Answer> => {
    checkOptions(where, given, `${names} signal`);
    const { signal, ...options } = given;
    return carryOut(work(model, input, options as Options), signal);
  };
  return run as Interruptible<Model, Input, Options, Answer>;
}

/** The answer for one input, from work on many. */
export const oneAnswer = <Model, Input, Options, Answer>(
  work: WorkInPieces<Model, readonly Input[], Options, readonly Answer[]>,
): WorkInPieces<Model, Input, Options, Answer> =>
  function* (model, input, options) {
    const [answer] = yield* work(model, [input], options);
    return answer;
  };

/** The answers for many inputs, in their order, from work on one. */
export const allAnswers = <Model, Input, Options, Answer>(
  work: WorkInPieces<Model, Input, Options, Answer>,
): WorkInPieces<Model, readonly Input[], Options, Answer[]> =>
  function* (model, inputs, options) {
    const answers: Answer[] = [];
    for (const input of inputs) {
      answers.push(yield* work(model, input, options));
      yield;
    }
    return answers;
  };
