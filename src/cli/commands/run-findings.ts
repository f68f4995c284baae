/**
 * @file What `diagnose` finds in a run as a whole, beside what it measures on batches: the course
 * of its losses and rates, and the size of what the first layer reads.
 */
import type { Finding, GateSpread, LanguageModel, Verdict } from "unrolled";
import type { Metrics } from "unrolled/node";
import { count, real } from "../terminal/format.ts";

/** Findings of a run; `loss` is the model's own on held-out text, if there is any. */
export function runFindings(
  model: Pick<LanguageModel, "config" | "parameters">,
  history: readonly Metrics[],
  { gates, loss }: { readonly gates: readonly GateSpread[]; readonly loss: number | undefined },
): Finding[] {
  return [
    ...rateFindings(history),
    ...bestFindings(history, loss),
    embeddingFinding(model),
    ...(model.config.cell === "lstm" ? gates.filter(({ gate }) => gate === "f").map(forgetFinding) : []),
  ];
}

/** Steps of a run below which its course tells nothing. */
const FEW_STEPS = 200;
/** Parts of a run whose losses are compared. */
const PARTS = 10;

/** Whether the rate stayed the same to the end although the loss no longer fell. */
function rateFindings(history: readonly Metrics[]): Finding[] {
  const steps = history.filter(({ kind, loss }) => kind === "step" && Number.isFinite(loss));
  if (steps.length < FEW_STEPS) return [];
  const part = Math.floor(steps.length / PARTS);
  const meanOf = (from: number, to: number): number =>
    steps.slice(from * part, to * part).reduce((sum, { loss = NaN }) => sum + loss, 0) / ((to - from) * part);
  const rates = steps.slice(-5 * part).map(({ learningRate = NaN }) => learningRate);
  const isConstant = Math.min(...rates) > 0.9 * Math.max(...rates);
  const growth = meanOf(9, 10) / meanOf(4, 6);
  const verdict: Verdict = !isConstant || growth < 0.995 ? "ok" : growth < 1.1 ? "look" : "bad";
  const advice = {
    ok: isConstant ? "constant, and the loss still falls" : "falls in the course of the run",
    look: "constant to the end, while the loss no longer falls: let it fall, --schedule cosine",
    bad: "constant to the end, while the loss goes up: lower --learning-rate by a factor of 3, and let it fall, --schedule cosine",
  }[verdict];
  const last = rates.at(-1) ?? NaN;
  return [
    { check: "learning rate", where: "", value: last, text: String(Number(last.toPrecision(2))), verdict, advice },
  ];
}

/** Whether the weights are worse than some that the run has had before. */
function bestFindings(history: readonly Metrics[], loss: number | undefined): Finding[] {
  const evaluations = history.filter(({ kind, loss: one }) => kind === "evaluation" && Number.isFinite(one));
  const last = evaluations.at(-1);
  if (last?.loss === undefined || loss === undefined) return [];
  const best = evaluations.reduce((a, b) => ((b.loss ?? NaN) < (a.loss ?? NaN) ? b : a));
  const { loss: lowest = NaN } = best;
  // the model may have the best weights although the run went on; its loss is that of a part of the
  // held-out text
  const gap = Math.min(last.loss, loss) / lowest - 1;
  const verdict: Verdict = gap < 0.02 ? "ok" : gap < 0.1 ? "look" : "bad";
  const advice =
    verdict === "ok"
      ? "no evaluation was much better"
      : `step ${count(best.step)} was better (${real(lowest)}): take best.safetensors, or train without --no-keep-best; --patience ends such a run early`;
  return [{ check: "best weights", where: "", value: gap, text: `+${(100 * gap).toFixed(1)} %`, verdict, advice }];
}

/** Root mean square of a table whose tokens the first layer can hardly tell apart. */
const SMALL = 0.3;
const TINY = 0.03;
const LARGE = 10;
const HUGE = 100;

function embeddingFinding(model: Parameters<typeof runFindings>[0]): Finding {
  const values = model.parameters()["embedding"].values();
  let squares = 0;
  for (const x of values) squares += x * x;
  const size = Math.sqrt(squares / values.length);
  // a tied table makes the scores, too, and begins smaller
  const small = model.config.tieWeights === true ? SMALL / 5 : SMALL;
  const verdict: Verdict = size < TINY || !(size <= HUGE) ? "bad" : size < small || size > LARGE ? "look" : "ok";
  const advice =
    verdict === "ok"
      ? "tokens differ as much as they should"
      : size < LARGE
        ? "tokens hardly differ for the first layer, so that it learns slowly: --embedding-initializer normal"
        : "tokens saturate the first layer: lower --learning-rate and restart";
  return { check: "embedding", where: "embedding", value: size, text: real(size), verdict, advice };
}

/** Mean of the forget gate below which next to nothing is remembered. */
const FORGETS = 0.2;

function forgetFinding({ layer, histogram, range: [low, high] }: GateSpread): Finding {
  const width = (high - low) / histogram.length;
  const mean = histogram.reduce((sum, share, i) => sum + share * (low + (i + 0.5) * width), 0);
  const verdict: Verdict = mean >= FORGETS ? "ok" : mean >= FORGETS / 4 ? "look" : "bad";
  const advice =
    verdict === "ok"
      ? "keeps a part of the state from step to step"
      : "forgets nearly all at each step: start with a forget bias, --dialect tf1 or keras";
  return { check: "forget gate", where: `${layer}/f`, value: mean, text: real(mean), verdict, advice };
}
