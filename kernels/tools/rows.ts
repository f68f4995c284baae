/**
 * @file Kernels that walk along rows, element by element. Each is written once, for lanes named x$; the generator writes a loop over eight lanes,
 * as two neighbouring vectors of 128 bits that V8 can pack into one of 256, and one over what is left.
 */

type Row = {
  readonly name: string;
  /** Rows that are read; the body knows them as name$. */
  readonly ins: readonly string[];
  /** Rows that are written; the body defines name$. May be the same memory as an input. */
  readonly outs: readonly string[];
  /** Numbers, the same for all lanes. */
  readonly scalars?: readonly string[];
  readonly body: string;
};

/** An expression of two rows. */
const binary = (name: string, expression: string): Row => ({
  name,
  ins: ["a", "b"],
  outs: ["y"],
  body: `const y$ = ${expression};`,
});
/** An expression of one row. */
const unary = (name: string, expression: string): Row => ({
  name,
  ins: ["x"],
  outs: ["y"],
  body: `const y$ = ${expression};`,
});

const rows: readonly Row[] = [
  binary("addRow", "add(a$, b$)"),
  binary("subRow", "sub(a$, b$)"),
  binary("mulRow", "mul(a$, b$)"),
  binary("divRow", "f32x4.div(a$, b$)"),
  binary("maximumRow", "f32x4.max(a$, b$)"),
  binary("minimumRow", "f32x4.min(a$, b$)"),
  ...[
    ["addScalar", "add(x$, s)"],
    ["subScalar", "sub(x$, s)"],
    ["mulScalar", "mul(x$, s)"],
    ["divScalar", "f32x4.div(x$, s)"],
    ["maximumScalar", "f32x4.max(x$, s)"],
    ["minimumScalar", "f32x4.min(x$, s)"],
    ["subFrom", "sub(s, x$)"],
    ["divInto", "f32x4.div(s, x$)"],
  ].map(([name, expression]) => ({ ...unary(name, expression), scalars: ["s"] })),
  unary("negRow", "f32x4.neg(x$)"),
  unary("absRow", "f32x4.abs(x$)"),
  unary("squareRow", "mul(x$, x$)"),
  unary("sqrtRow", "f32x4.sqrt(x$)"),
  unary("reciprocalRow", "f32x4.div(f32x4.splat(1), x$)"),
  unary("floorRow", "f32x4.floor(x$)"),
  unary("expRow", "exp4(x$, t)"),
  unary("sigmoidRow", "sigmoid4(x$, t)"),
  unary("tanhRow", "tanh4(x$, t)"),
  unary("reluRow", "v128.andnot(x$, f32x4.lt(x$, f32x4.splat(0)))"),
  binary("sigmoidBackwardRow", "mul(b$, mul(a$, sub(one, a$)))"),
  binary("tanhBackwardRow", "mul(b$, sub(one, mul(a$, a$)))"),
  {
    name: "addProductRow",
    ins: ["sum", "a", "b"],
    outs: ["y"],
    body: "const y$ = add(sum$, mul(a$, b$));",
  },
  {
    name: "layerNormBackwardRow",
    ins: ["g", "normal"],
    outs: ["dx"],
    scalars: ["mean", "slope", "root"],
    body: "const dx$ = f32x4.div(sub(sub(g$, mean), mul(normal$, slope)), root);",
  },
  // softmax
  { ...unary("expShiftRow", "exp4(sub(x$, s), t)"), scalars: ["s"] },
  // gates: sigmoid or tanh of a pre-activation and its biases
  binary("sigmoidBiasRow", "sigmoid4(add(a$, b$), t)"),
  binary("tanhBiasRow", "tanh4(add(a$, b$), t)"),
  {
    name: "sigmoidBiasesRow",
    ins: ["a", "b", "c"],
    outs: ["y"],
    body: "const y$ = sigmoid4(add(add(a$, b$), c$), t);",
  },
  {
    name: "sigmoidShiftRow",
    ins: ["a", "b"],
    outs: ["y"],
    scalars: ["shift"],
    body: "const y$ = sigmoid4(add(add(a$, b$), shift), t);",
  },
  // apart from the gates: one loop over all of it is longer than what a core looks ahead, and then waits for each result
  {
    name: "lstmStateRow",
    ins: ["i", "f", "g", "o", "c"],
    outs: ["state", "cell", "h"],
    body: `
      const state$ = add(mul(f$, c$), mul(i$, g$));
      const cell$ = state$;
      const h$ = mul(o$, tanh4(state$, t));`,
  },
  {
    name: "lstmBackwardRow",
    ins: ["i", "f", "g", "o", "d", "c", "previous", "dc"],
    outs: ["dzi", "dzf", "dzg", "dzo", "dcNext"],
    body: `
      const activated$ = tanh4(c$, t);
      const dzo$ = mul(mul(d$, activated$), mul(o$, sub(one, o$)));
      const dCell$ = add(dc$, mul(mul(d$, o$), sub(one, mul(activated$, activated$))));
      const dzi$ = mul(mul(dCell$, g$), mul(i$, sub(one, i$)));
      const dzf$ = mul(mul(dCell$, previous$), mul(f$, sub(one, f$)));
      const dzg$ = mul(mul(dCell$, i$), sub(one, mul(g$, g$)));
      const dcNext$ = mul(dCell$, f$);`,
  },
  // GRU, update gate "keep": reset after (candidate from r·term) and the new state
  {
    name: "gruCandidateRow",
    ins: ["z", "b", "r", "term"],
    outs: ["n"],
    body: "const n$ = tanh4(add(add(z$, b$), mul(r$, term$)), t);",
  },
  {
    name: "gruKeepRow",
    ins: ["u", "candidate", "previous"],
    outs: ["h", "y"],
    body: `
      const h$ = add(mul(u$, previous$), mul(sub(one, u$), candidate$));
      const y$ = h$;`,
  },
  {
    name: "gruBackwardKeepRow",
    ins: ["u", "candidate", "previous", "dy", "dh"],
    outs: ["carried", "dzu", "dzn"],
    body: `
      const d$ = add(dy$, dh$);
      const carried$ = mul(d$, u$);
      const dzu$ = mul(mul(d$, sub(previous$, candidate$)), mul(u$, sub(one, u$)));
      const dzn$ = mul(mul(d$, sub(one, u$)), sub(one, mul(candidate$, candidate$)));`,
  },
  {
    name: "gruBackwardAfterRow",
    ins: ["r", "dzn", "term"],
    outs: ["dzr", "dTerm"],
    body: `
      const dzr$ = mul(mul(dzn$, term$), mul(r$, sub(one, r$)));
      const dTerm$ = mul(dzn$, r$);`,
  },
  {
    name: "gruBackwardBeforeRow",
    ins: ["r", "dTerm", "previous", "carried"],
    outs: ["dzr", "sum"],
    body: `
      const dzr$ = mul(mul(dTerm$, previous$), mul(r$, sub(one, r$)));
      const sum$ = add(carried$, mul(dTerm$, r$));`,
  },
  // optimizers
  {
    name: "sgdRow",
    ins: ["w", "g"],
    outs: ["wNext"],
    scalars: ["rate"],
    body: "const wNext$ = sub(w$, mul(rate, g$));",
  },
  {
    name: "momentumRow",
    ins: ["w", "g", "v"],
    outs: ["wNext", "vNext"],
    scalars: ["before", "rate", "mu"],
    body: `
      const vNext$ = add(mul(mu, v$), mul(before, g$));
      const wNext$ = sub(w$, mul(rate, vNext$));`,
  },
  {
    name: "nesterovRow",
    ins: ["w", "g", "v"],
    outs: ["wNext", "vNext"],
    scalars: ["before", "rate", "mu"],
    body: `
      const scaled$ = mul(before, g$);
      const vNext$ = add(mul(mu, v$), scaled$);
      const wNext$ = sub(w$, mul(rate, add(mul(mu, vNext$), scaled$)));`,
  },
  // the gradient divided by the root, which sgdRow or momentumRow then take for one
  {
    name: "rmspropRow",
    ins: ["g", "s"],
    outs: ["step", "sNext"],
    scalars: ["before", "decay", "rest", "inside", "outside"],
    body: `
      const sNext$ = add(mul(decay, s$), mul(rest, mul(g$, g$)));
      const step$ = f32x4.div(mul(before, g$), add(f32x4.sqrt(add(sNext$, inside)), outside));`,
  },
  {
    name: "rmspropCenteredRow",
    ins: ["g", "s", "m"],
    outs: ["step", "sNext", "mNext"],
    scalars: ["before", "decay", "rest", "inside", "outside"],
    body: `
      const sNext$ = add(mul(decay, s$), mul(rest, mul(g$, g$)));
      const mNext$ = add(mul(decay, m$), mul(rest, g$));
      const variance$ = f32x4.max(f32x4.splat(0), sub(sNext$, mul(mNext$, mNext$)));
      const step$ = f32x4.div(mul(before, g$), add(f32x4.sqrt(add(variance$, inside)), outside));`,
  },
  {
    name: "adagradRow",
    ins: ["w", "g", "s"],
    outs: ["wNext", "sNext"],
    scalars: ["rate", "inside", "outside"],
    body: `
      const sNext$ = add(s$, mul(g$, g$));
      const wNext$ = sub(w$, f32x4.div(mul(rate, g$), add(f32x4.sqrt(add(sNext$, inside)), outside)));`,
  },
  {
    name: "adamRow",
    ins: ["w", "g", "m", "v"],
    outs: ["wNext", "mNext", "vNext"],
    scalars: ["stepSize", "rootScale", "beta1", "rest1", "beta2", "rest2", "epsilon"],
    body: `
      const mNext$ = add(mul(beta1, m$), mul(rest1, g$));
      const vNext$ = add(mul(beta2, v$), mul(rest2, mul(g$, g$)));
      const root$ = add(mul(f32x4.sqrt(vNext$), rootScale), epsilon);
      const wNext$ = sub(w$, mul(stepSize, f32x4.div(mNext$, root$)));`,
  },
];

const indent = (text: string): string => text.trim().replaceAll(/\n\s*/g, "\n    ");
const lanes = (text: string, lane: string): string => indent(text.replaceAll("$", lane));

function rowSource({ name, ins, outs, scalars = [], body }: Row): string {
  const pointers = [...ins, ...outs.map((out) => `${out}To`)];
  const step = (bytes: string): string => pointers.map((p) => `    ${p} += ${bytes};`).join("\n");
  const load = (lane: string, offset: number): string =>
    ins.map((p) => `    const ${p}${lane} = v128.load(${p}, ${offset});`).join("\n");
  const parameters = [...pointers.map((p) => `${p}: usize`), "n: i32", ...scalars.map((s) => `${s}Of: f32`)];
  return `
export function ${name}(${parameters.join(", ")}): void {
${/\bt\)/.test(body) ? "  const t = table;\n" : ""}${/\bone\b/.test(body) ? "  const one = f32x4.splat(1);\n" : ""}${scalars
    .map((s) => `  const ${s} = f32x4.splat(${s}Of);\n`)
    .join("")}  let left = n;
  for (; left >= 8; left -= 8) {
${load("0", 0)}
${load("1", 16)}
    ${lanes(body, "0")}
    ${lanes(body, "1")}
${outs.map((p) => `    v128.store(${p}To, ${p}0);\n    v128.store(${p}To, ${p}1, 16);`).join("\n")}
${step("32")}
  }
  for (; left > 0; left -= 4) {
${ins.map((p) => `    const ${p}0 = loadLanes(${p}, left);`).join("\n")}
    ${lanes(body, "0")}
${outs.map((p) => `    storeLanes(${p}To, ${p}0, left);`).join("\n")}
${step("16")}
  }
}
`;
}

/** The whole source file. */
export const rowsSource = (): string => `// Generated by kernels/tools/rows.ts; not in git.
import { table } from "../instance";
import { loadLanes, storeLanes } from "../lanes";
import { exp4, sigmoid4, tanh4 } from "../math";

// @ts-ignore: decorator
@inline function add(a: v128, b: v128): v128 { return f32x4.add(a, b); }
// @ts-ignore: decorator
@inline function sub(a: v128, b: v128): v128 { return f32x4.sub(a, b); }
// @ts-ignore: decorator
@inline function mul(a: v128, b: v128): v128 { return f32x4.mul(a, b); }
${rows.map(rowSource).join("")}`;
