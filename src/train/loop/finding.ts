/** @file What looks for faults of a run says. */

/** `ok`: as it should be. `look`: worth a thought. `bad`: it hinders learning. */
export type Verdict = "ok" | "look" | "bad";

/** One thing that was looked at. */
export type Finding = {
  readonly check:
    | "loss"
    | "generalization gap"
    | "skipped steps"
    | "clipped steps"
    | "gradient reach"
    | "gradient growth"
    | "gradient norm"
    | "saturation"
    | "dead units"
    | "update ratio"
    | "learning rate"
    | "best weights"
    | "embedding"
    | "forget gate";
  /** Layer, gate or array, such as `rnn/0`, `rnn/0/f` or `rnn/0/kernel`; "" for the whole model. */
  readonly where: string;
  readonly value: number;
  /** The value as text, with its unit. */
  readonly text: string;
  readonly verdict: Verdict;
  /** One line in plain words. Options have the names that they have on the command line. */
  readonly advice: string;
};
