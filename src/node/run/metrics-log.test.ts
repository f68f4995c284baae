import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { FormatError } from "../../base/index.ts";
import { metricsLog, type MetricsEvent, readMetrics } from "./metrics-log.ts";

const directory = mkdtempSync(join(tmpdir(), "unrolled-metrics-"));
afterAll(() => rmSync(directory, { recursive: true }));
let file: string;
let files = 0;
beforeEach(() => {
  file = join(directory, `run ${++files}`, "metrics.jsonl");
});

const stepEvent = (step: number) => ({ kind: "step", step, loss: 1 / step, skipped: false });

function write(...events: readonly MetricsEvent[]): void {
  const log = metricsLog(file);
  for (const event of events) log.append(event);
  log.sync();
  log.close();
}

const stepsOf = (path: string): number[] => readMetrics(path).map(({ step }) => step);

test("what is appended is read, also after a later start", () => {
  write(stepEvent(1), stepEvent(2));
  write({ ...stepEvent(3), message: "one\ntwo\u2028" } as MetricsEvent);
  expect(readMetrics(file)).toMatchObject([stepEvent(1), stepEvent(2), { ...stepEvent(3), message: "one\ntwo\u2028" }]);
  expect(readFileSync(file, "utf8").split("\n")).toHaveLength(4);
});

test("only the first lines are read where no more are asked for, whatever follows", () => {
  write(stepEvent(1), stepEvent(2));
  appendFileSync(file, "{]\n");
  expect(readMetrics(file, { lines: 2 }).map(({ step }) => step)).toEqual([1, 2]);
  expect(readMetrics(file, { lines: 0 })).toEqual([]);
  expect(() => readMetrics(file, { lines: 3 })).toThrow(/line 3/);
});

test("numbers that are not finite are named, never null, and read as numbers", () => {
  const event = { kind: "step", step: 1, loss: NaN, gradientNorm: Infinity, learningRate: -Infinity, steps: undefined };
  write(event, { kind: "warning", step: 1, message: "NaN", trouble: { what: "loss", name: "NaN" } } as MetricsEvent);
  expect(readFileSync(file, "utf8").split("\n")[0]).toBe(
    '{"kind":"step","step":1,"loss":"NaN","gradientNorm":"Infinity","learningRate":"-Infinity"}',
  );
  const { steps, ...expected } = event;
  expect(steps).toBeUndefined();
  expect(readMetrics(file)).toEqual([
    { ...expected },
    { kind: "warning", step: 1, message: "NaN", trouble: { what: "loss", name: "NaN" } },
  ]);
});

test("half of a surrogate pair in a message makes no line that can't be read", () => {
  write({ kind: "warning", step: 1, message: "\ud83d \ud83d\ude00" } as MetricsEvent);
  expect(readMetrics(file)).toMatchObject([{ message: "\ufffd \ud83d\ude00" }]);
});

test("cut at any byte, all whole lines are read, and the next line is whole", () => {
  write(stepEvent(1), { ...stepEvent(2), message: "é😀" } as MetricsEvent, stepEvent(3));
  const bytes = readFileSync(file);
  for (let length = 0; length <= bytes.length; length++) {
    const whole = bytes.subarray(0, length).toString("latin1").split("\n").length - 1;
    writeFileSync(file, bytes.subarray(0, length));
    expect(stepsOf(file)).toEqual([1, 2, 3].slice(0, whole));
    write(stepEvent(9));
    expect(stepsOf(file)).toEqual([...[1, 2, 3].slice(0, whole), 9]);
  }
});

test("a last line of zeros, which a loss of power may leave, is torn too", () => {
  write(stepEvent(1));
  appendFileSync(file, new Uint8Array(4096));
  expect(stepsOf(file)).toEqual([1]);
});

describe("truncate", () => {
  test("keeps the first lines, and what follows is appended", () => {
    write(stepEvent(1), stepEvent(2), { kind: "evaluation", step: 2 }, stepEvent(3), { kind: "end", step: 2 });
    appendFileSync(file, '{"kind":"st');
    const log = metricsLog(file);
    expect(log.lines).toBe(5);
    log.truncate(3);
    log.append({ ...stepEvent(3), message: "é\n" } as MetricsEvent);
    expect(log.lines).toBe(4);
    log.close();
    expect(readMetrics(file).map(({ kind, step }) => `${kind} ${step}`)).toEqual([
      "step 1",
      "step 2",
      "evaluation 2",
      "step 3",
    ]);
  });

  test("leaves the kept lines as they are, byte for byte", () => {
    write(stepEvent(1), stepEvent(2), stepEvent(3));
    const before = readFileSync(file, "utf8");
    for (const count of [3, 2, 1, 0]) {
      const log = metricsLog(file);
      log.truncate(count);
      log.close();
      expect(readFileSync(file, "utf8")).toBe(
        before
          .split("\n")
          .slice(0, count)
          .map((line) => `${line}\n`)
          .join(""),
      );
    }
  });

  test("of more lines than there are changes nothing", () => {
    write(stepEvent(1));
    const before = readFileSync(file);
    const log = metricsLog(file);
    expect(() => log.truncate(2)).toThrow("metricsLog truncate: expected an integer in [0, 1], got 2");
    log.close();
    expect(readFileSync(file).equals(before)).toBe(true);
  });
});

test.each<[string, string, RegExp]>([
  ["no JSON", "{]", /metrics\.jsonl line 2: expected .*offset 1/],
  ["an empty line", "", /line 2: expected a value, got the end/],
  ["a list", "[1]", /line 2: expected an event, got \[1\]/],
  ["no kind", '{"step":1}', /line 2 kind: expected text, got nothing/],
  ["half a step", '{"kind":"step","step":0.5}', /line 2 step: expected an integer >= 0, got 0\.5/],
  ["null for a number", '{"kind":"step","step":1,"loss":null}', /line 2 loss: expected a number, .* got null/],
  ["text for a number", '{"kind":"step","step":1,"loss":"1"}', /line 2 loss: expected a number, .* got "1"/],
  ["a key twice", '{"kind":"step","step":1,"step":2}', /line 2: expected distinct keys/],
])("a line that is none, before others, is an error with its number: %s", (_, line, message) => {
  write(stepEvent(1));
  appendFileSync(file, `${line}\n${JSON.stringify(stepEvent(2))}\n`);
  expect(() => readMetrics(file)).toThrow(FormatError);
  expect(() => readMetrics(file)).toThrow(message);
});

test("a file that is not there", () => {
  expect(() => readMetrics(file)).toThrow(/ENOENT/);
});

test("measures of an evaluation are numbers, also those of older lines, beside the loss", () => {
  const line = { kind: "evaluation", step: 1, loss: 2, tokens: 9 };
  const lines: object[] = [{ measures: { accuracy: NaN } }, { perplexity: Infinity, bitsPerCharacter: 3 }];
  write(...lines.map((measured) => ({ ...line, ...measured })));
  expect(readMetrics(file)).toEqual([
    { ...line, measures: { accuracy: NaN } },
    { ...line, measures: { perplexity: Infinity, bitsPerCharacter: 3 } },
  ]);
  writeFileSync(file, `${JSON.stringify({ ...line, measures: [1] })}\n`);
  expect(() => readMetrics(file)).toThrow("line 1 measures: expected an object, got [1]");
});
