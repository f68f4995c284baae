/** @file From figures to verdicts, each with one line of advice. The bounds are rules of thumb. */
import type { Finding, Verdict } from "../../../train/index.ts";
import type { GateSpread, GradientByStep } from "./diagnosis.ts";

const nats = (x: number): string => `${x.toFixed(3)} nats`;
const percent = (x: number): string => `${Number((100 * x).toPrecision(x < 0.1 ? 1 : 2))} %`;
const short = (x: number): string => (x === 0 ? "0" : x.toExponential(1));

/** `bad` from the larger bound on, `look` from the smaller. What is no number is bad. */
const above = (x: number, look: number, bad: number): Verdict => (x < look ? "ok" : x < bad ? "look" : "bad");

/**
 * The loss against that of guessing: ln V for all tokens alike, the unigram entropy by how often
 * each comes.
 */
export function lossFinding(loss: number, uniform: number, unigram: number): Finding {
  const verdict = above(loss, 0.95 * unigram, 0.98 * uniform);
  const than = `${nats(unigram)} by guessing from how often each token comes, ${nats(uniform)} by guessing blindly`;
  const advice = {
    ok: `better than ${than}`,
    look: `hardly better than ${than}: train longer, or change --learning-rate by a factor of 3`,
    bad: Number.isFinite(loss)
      ? `no better than ${nats(uniform)}, which is guessing blindly: train longer; if that does not help, lower --learning-rate by a factor of 10`
      : "the weights are spoilt: go back to best.safetensors or a checkpoint, and lower --learning-rate by a factor of 10",
  }[verdict];
  return { check: "loss", where: "", value: loss, text: nats(loss), verdict, advice };
}

/** Generalisation gap: how much worse the model is on text that it was not trained on. */
export function gapFinding(training: number, validation: number): Finding {
  const gap = validation - training;
  const verdict = above(gap / training, 0.15, 0.5);
  const advice = {
    ok: "does as well on text that it was not trained on",
    look: "begins to overfit: take best.safetensors, or add --dropout 0.2",
    bad: "overfits: take best.safetensors, more text, --dropout 0.5 or a smaller --hidden-size",
  }[verdict];
  return { check: "generalization gap", where: "", value: gap, text: nats(gap), verdict, advice };
}

export function skippedFinding(share: number): Finding {
  const verdict: Verdict = share === 0 ? "ok" : above(share, 0, 0.01);
  const advice =
    verdict === "ok"
      ? "every step was finite"
      : "steps were not finite: lower --learning-rate or --clip-norm; --anomaly names the operation";
  return { check: "skipped steps", where: "", value: share, text: percent(share), verdict, advice };
}

export function clippedFinding(share: number): Finding {
  const verdict = above(share, 0.5, Infinity);
  const advice =
    verdict === "ok"
      ? "few gradients are clipped"
      : "most gradients are cut, so that --clip-norm sets the size of the steps: raise it, or lower --learning-rate";
  return { check: "clipped steps", where: "", value: share, text: percent(share), verdict, advice };
}

/** Less than this part of the gradient one step back counts as gone. */
const GONE = 0.01;

/** Steps back in which a gradient is still there. */
function reachOf(norms: readonly number[]): number {
  const last = norms[norms.length - 1];
  let reach = 0;
  norms.forEach((norm, t) => {
    if (reach === 0 && norm >= GONE * last && norm > 0) reach = norms.length - t;
  });
  return reach;
}

export function reachFinding({ layer, norms }: GradientByStep, gated: boolean, steps: number): Finding {
  const reach = reachOf(norms);
  const share = reach / norms.length;
  const verdict: Verdict = share >= 0.15 ? "ok" : reach < 3 || share < 0.06 ? "bad" : "look";
  const fact = `gradient reaches back ${reach} of ${steps} steps`;
  const shorter = `shorten --sequence-length (${Math.max(2, 2 * reach)} would do)`;
  const other = gated ? "let it learn longer first" : "use --cell lstm or gru";
  const saturated = "if gates are saturated, restart with smaller weights";
  const advice = {
    ok: fact,
    look: `${fact}: ${shorter}, or ${other}`,
    bad: `${fact}: ${shorter}, or ${gated ? saturated : other}`,
  }[verdict];
  return { check: "gradient reach", where: layer, value: reach, text: `${reach} steps`, verdict, advice };
}

export function growthFinding({ layer, norms }: GradientByStep): Finding {
  const growth = Math.max(...norms) / norms[norms.length - 1];
  const value = norms.every((norm) => norm === 0) ? 0 : growth;
  const verdict = above(value, 10, 100);
  const advice =
    verdict === "ok"
      ? "does not grow on its way back"
      : "grows on its way back (explodes): keep --clip-norm at 5 or less, lower --learning-rate, or shorten --sequence-length";
  return { check: "gradient growth", where: layer, value, text: `x ${Number(value.toPrecision(2))}`, verdict, advice };
}

export function gateFinding({ layer, gate, low, high }: GateSpread): Finding {
  const share = low + high;
  const verdict = above(share, 0.8, 0.9);
  const advice =
    verdict === "ok"
      ? `${percent(low)} at the lower end, ${percent(high)} at the upper`
      : `at an end, where no gradient passes (${percent(low)} low, ${percent(high)} high): lower --learning-rate and restart`;
  return { check: "saturation", where: `${layer}/${gate}`, value: share, text: percent(share), verdict, advice };
}

export function deadFinding({ layer, dead, units }: { layer: string; dead: number; units: number }): Finding {
  const verdict = above(dead / units, 0.05, 0.3);
  const advice =
    verdict === "ok"
      ? "the outputs change with the text"
      : "units always say the same: lower --learning-rate, or take a smaller --hidden-size";
  return { check: "dead units", where: layer, value: dead, text: `${dead} of ${units}`, verdict, advice };
}

/** Gradients of a mean loss are far smaller. */
const HUGE = 1e3;
const NONE = 1e-7;

export function normFinding(path: string, norm: number): Finding {
  const verdict: Verdict = norm >= NONE && norm < HUGE ? "ok" : "bad";
  const advice =
    verdict === "ok"
      ? "a gradient arrives"
      : norm < NONE
        ? "hardly any gradient arrives, so that it does not learn: lower --learning-rate and restart"
        : "the gradient explodes: lower --learning-rate and restart, or use --cell lstm or gru";
  return { check: "gradient norm", where: path, value: norm, text: short(norm), verdict, advice };
}

/**
 * A step's size against that of the weights: about 1e-3 is healthy. `explodes`: some gradient is
 * huge, so that clipping leaves nothing of the others.
 */
export function ratioFinding(path: string, ratio: number, explodes: boolean): Finding {
  const isSmall = ratio < 1e-5;
  const verdict: Verdict = isSmall ? (ratio < 1e-7 ? "bad" : "look") : above(ratio, 2e-2, 0.1);
  const small = explodes
    ? "steps are tiny, since --clip-norm cuts the gradient that explodes: cure that first"
    : "steps are tiny: raise --learning-rate, unless the run is at its end";
  const advice =
    verdict === "ok"
      ? "about 1e-3 is healthy"
      : isSmall
        ? small
        : "steps are large for such weights: lower --learning-rate by a factor of 10";
  return { check: "update ratio", where: path, value: ratio, text: short(ratio), verdict, advice };
}

export const isHuge = (norm: number): boolean => !(norm < HUGE);
