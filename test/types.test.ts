/** What a strict consumer writes without casts, under the strictest flags. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const consumer = mkdtempSync(join(tmpdir(), "unrolled-types-"));

beforeAll(() => {
  mkdirSync(join(consumer, "node_modules"));
  symlinkSync(root, join(consumer, "node_modules", "unrolled"), "dir");
  writeFileSync(join(consumer, "package.json"), JSON.stringify({ type: "module", private: true }));
  const compilerOptions = {
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    target: "es2023",
    lib: ["es2023", "dom"],
    types: [],
    module: "nodenext",
  };
  writeFileSync(join(consumer, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["uses.ts"] }));
});

afterAll(() => rmSync(consumer, { recursive: true, force: true }));

/** What the compiler says of `uses`, line by line. */
function complaints(uses: string): string[] {
  writeFileSync(join(consumer, "uses.ts"), uses);
  try {
    execFileSync(join(root, "node_modules/.bin/tsc"), ["-p", consumer], { encoding: "utf8", stdio: "pipe" });
    return [];
  } catch (error) {
    return (error as { stdout: string }).stdout.trim().split("\n");
  }
}

const uses = `
import {
  adam, basicLstmCell, basicRnnCell, bidirectionalDynamicRnn, type Cell, dropoutWrapper, decodeModel, dynamicRnn,
  gruCell, layerNormLstmCell, lstmCell, mean, minGruCell, multiRnnCell, ones, recurrentStack, residualWrapper,
  rnnCell, type SavedModel, type State, type Tensor, trainOn, zeroState,
} from "unrolled";
import { decodeModel as decodeTaskModel } from "unrolled/tasks";
import { loadModel } from "unrolled/node";

const x = ones([2, 4, 3]);
const traced = { trace: true } as const;

// the trace of each cell
const lstm = dynamicRnn(lstmCell({ units: 3 }), x, { trace: true }).trace;
for (const part of [lstm.i, lstm.f, lstm.g, lstm.o, lstm.c, lstm.h]) part.toArray();
dynamicRnn(basicLstmCell(3), x, traced).trace.f.toArray();
const gru = dynamicRnn(gruCell({ units: 3 }), x, { trace: true }).trace;
for (const part of [gru.r, gru.u, gru.n, gru.h]) part.toArray();
dynamicRnn(rnnCell({ units: 3 }), x, { trace: true }).trace.h.toArray();
dynamicRnn(basicRnnCell(3), x, { trace: true }).trace.h.toArray();
dynamicRnn(minGruCell({ units: 3 }), x, { trace: true }).trace.z.toArray();
dynamicRnn(layerNormLstmCell({ units: 3 }), x, { trace: true }).trace.c.toArray();

// through wrappers, stacks and both directions
const wrapped = residualWrapper(dropoutWrapper(lstmCell({ units: 3 }), { kind: "torch", dropout: 0.1 }));
dynamicRnn(wrapped, x, { trace: true, lengths: [4, 2] }).trace.f.toArray();
const layers = dynamicRnn(multiRnnCell([lstmCell({ units: 3 }), lstmCell({ units: 2 })]), x, { trace: true });
layers.trace["0"].f.toArray();
layers.trace["1"]?.f.toArray();
layers.state["0"].c.toArray();
const both = bidirectionalDynamicRnn(lstmCell({ units: 3 }), gruCell({ units: 3 }), x, { trace: true });
both.trace.forward.f.toArray();
both.trace.backward.r.toArray();

// cells of different kinds, and cells of one's own
const mixed: Cell = multiRnnCell([lstmCell({ units: 3 }), gruCell({ units: 3 })]);
const loose: State = zeroState(mixed, 2);
dynamicRnn(mixed, x, { initialState: loose });
declare const own: Cell<{ q: Tensor }>;
const ownTrace: object = dynamicRnn(own, x, { trace: true }).trace;
dynamicRnn(own, x).state.q.toArray();
multiRnnCell([own, gruCell({ units: 3 })]);
declare const maybe: boolean;
const optional: object | undefined = dynamicRnn(own, x, { trace: maybe }).trace;

// the state of a stack of layers
const sizes = { inputSize: 3, hiddenSize: 4 };
recurrentStack(sizes).forward(x).state["0"].c.toArray();
const stack = recurrentStack({ ...sizes, cell: "gru", layers: 2 });
stack.forward(x, { initialState: loose }).state["0"].h.toArray();
stack.forward(x, { trace: true }).trace?.["0"].r.toArray();
stack.initialState(2)["1"]?.h.toArray();
recurrentStack({ ...sizes, cell: "gru", bidirectional: true }).forward(x).state["0"].backward.h.toArray();
recurrentStack({ ...sizes, cell: () => own }).forward(x).state["0"].q.toArray();

// the state that training carries
const cell = gruCell({ units: 3 });
trainOn(
  {
    parameters: {},
    batches: () => [x],
    carried: zeroState(cell, 2),
    loss(batch, context) {
      const { outputs, state } = dynamicRnn(cell, batch, { initialState: context.state });
      context.state?.h.toArray();
      return { value: mean(outputs), state };
    },
  },
  { optimizer: adam() },
);
trainOn({
  parameters: {},
  batches: () => [x],
  carried: stack.initialState(2),
  loss: (batch, { state }) => mean(stack.forward(batch, { initialState: state }).outputs),
});
trainOn({ parameters: {}, batches: () => [x], loss: (batch) => mean(batch) });

// builders of models of one's own
type Config = { readonly size: number };
type Parity = SavedModel & { answer(): number };
type Other = { readonly depth: number };
declare const parity: (config: Config) => Parity;
declare const other: (config: Other) => Parity;
const bytes = new Uint8Array();
decodeModel(bytes, { parity: (c: Config) => parity(c) }).answer();
decodeTaskModel(bytes, { parity, other }).answer();
decodeModel(bytes, { parity: (c) => parity({ size: Number(c) }) }).answer();
loadModel("run", { parity: (c: Config) => parity(c) }).answer();
loadModel("run", { parity }).answer();
loadModel("run", (all) => all.length).toFixed();
loadModel("run").kind.trim();
export { optional, ownTrace };
`;

test("traces, states and builders need no casts", () => {
  expect(complaints(uses)).toEqual([]);
}, 60_000);

test("what is not there is an error", () => {
  const wrong = `
import { dynamicRnn, gruCell, lstmCell, ones } from "unrolled";
const x = ones([2, 4, 3]);
dynamicRnn(lstmCell({ units: 3 }), x, { trace: true }).trace.z;
dynamicRnn(gruCell({ units: 3 }), x).trace.h;
`;
  expect(complaints(wrong).map((line) => /\((\d+),.*(TS\d+)/.exec(line)?.slice(1).join(" "))).toEqual([
    "4 TS2339",
    "5 TS2532",
  ]);
}, 60_000);
