/** `unrolled diagnose` and `unrolled train --anomaly`, as built. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { commandFolder } from "../helpers/cli.ts";

const { file, unrolled } = commandFolder("diagnose");

const small = ["--hidden-size", "16", "--embedding-size", "8", "--batch-size", "4", "--sequence-length", "12"];

beforeAll(() => {
  writeFileSync(file("text.txt"), "the whale saw a big ship. ".repeat(80));
  expect(
    unrolled("train", "text.txt", "--out", "run", "--steps", "80", "--learning-rate", "0.02", ...small),
  ).toMatchObject({ status: 0 });
});

test("a table with a verdict and advice, and pictures in the run directory", () => {
  const { status, stdout, stderr } = unrolled("diagnose", "run", "--out");
  expect(stderr).toBe("");
  expect(status).toBe(0);
  expect(stdout).toMatch(/^ok +loss .* nats {2}better than/m);
  expect(stdout).toMatch(/^\w+ +gradient reach +rnn\/0 +\d+ steps {2}gradient reaches back \d+ of 12 steps/m);
  expect(stdout).toMatch(/^\w+ +update ratio +rnn\/0\/weight_ih /m);
  // of the run as a whole
  expect(stdout).toMatch(/^ok +best weights /m);
  expect(stdout).toMatch(/^ok +embedding +embedding /m);
  expect(stdout).toMatch(/^\w+ +forget gate +rnn\/0\/f /m);
  // the rate has fallen to 0: steps are measured with that of the middle
  expect(stdout).not.toMatch(/steps are tiny/);
  expect(stdout).toMatch(/^\d+ checks/m);
  for (const picture of ["diagnosis-gradients.svg", "diagnosis-gates.svg"]) {
    expect(stdout).toContain(`drawn in ${join("run", picture)}\n`);
    expect(readFileSync(file(join("run", picture)), "utf8")).toMatch(/^<svg /);
  }
});

test("--json, with the text named on the command line", () => {
  const { stdout } = unrolled("diagnose", "run", "text.txt", "--json", "--batches", "2");
  const { verdict, findings, gates } = JSON.parse(stdout) as {
    verdict: string;
    findings: { check: string; value: number }[];
    gates: { gate: string }[];
  };
  expect(["ok", "look", "bad"]).toContain(verdict);
  expect(findings.map(({ check }) => check)).toContain("skipped steps");
  expect(gates.map(({ gate }) => gate)).toEqual(["i", "f", "g", "o"]);
  expect(existsSync(file("diagnosis-gates.svg"))).toBe(false);
});

test("what is no run is refused", () => {
  const { status, stderr } = unrolled("diagnose", "nowhere");
  expect(stderr).toMatch(/^unrolled diagnose: .*expected a run directory.*\n$/);
  expect(status).toBe(2);
});

test("--anomaly names the operation, in each warning and at the end", () => {
  const wild = ["--learning-rate", "1e38", "--optimizer", "sgd", "--clip-norm", "off", "--steps", "50"];
  const plain = unrolled("train", "text.txt", "--out", "wild", ...wild, ...small);
  expect(plain.stderr).toMatch(/up to step \d+, in which the \w+( \S+)? is not finite\. Lower/);
  const named = unrolled("train", "text.txt", "--out", "wild", "--overwrite", "--anomaly", ...wild, ...small);
  const origin = /is not finite; \w+( with \S+( and \S+)?)? was the first to make \S+ out of finite numbers/;
  expect(named.stdout).toMatch(
    new RegExp(`^step \\d+ was skipped, 1 in a row and 1 altogether: .* ${origin.source}`, "m"),
  );
  expect(named.stderr).toMatch(origin);
  expect(named.status).toBe(3);
});
