/** @file Activations of Keras as ops. */
import { sentence, UnsupportedError } from "../../base/index.ts";
import type { JsonValue } from "../../formats/index.ts";
import type { Builder } from "./builder.ts";
import { type Config, isObject } from "./config.ts";

type Emit = (builder: Builder, at: string, x: string, keras: number) => string;

const op =
  (name: string, attributes: Readonly<Record<string, number>> = {}): Emit =>
  (builder, at, x) =>
    builder.add(at, name, [x], attributes);

/** clip(x / 6 + 0.5) in Keras 3, clip(0.2 x + 0.5) before and in TensorFlow.js. */
const hardSigmoid: Emit = (builder, at, x, keras) =>
  builder.add(at, "HardSigmoid", [x], { alpha: keras >= 3 ? 1 / 6 : 0.2, beta: 0.5 });

/** x · f(x). */
const gated =
  (f: Emit): Emit =>
  (builder, at, x, keras) =>
    builder.add(at, "Mul", [x, f(builder, at, x, keras)]);

const clipped =
  (low: number, high: number): Emit =>
  (builder, at, x) =>
    builder.add(at, "Clip", [x, builder.scalar(low), builder.scalar(high)]);

const silu = gated(op("Sigmoid"));
const hardSilu = gated(hardSigmoid);

const activations: Readonly<Record<string, Emit>> = {
  elu: op("Elu", { alpha: 1 }),
  exponential: op("Exp"),
  gelu: (builder, at, x) => builder.add(at, "Gelu", [x], { approximate: "none" }),
  hard_sigmoid: hardSigmoid,
  hard_silu: hardSilu,
  hard_swish: hardSilu,
  hard_tanh: clipped(-1, 1),
  leaky_relu: op("LeakyRelu", { alpha: 0.2 }),
  linear: (_, __, x) => x,
  log_softmax: op("LogSoftmax", { axis: -1 }),
  mish: gated((builder, at, x) => builder.add(at, "Tanh", [builder.add(at, "Softplus", [x])])),
  relu: op("Relu"),
  relu6: clipped(0, 6),
  selu: (builder, at, x) =>
    builder.add(at, "Mul", [
      builder.add(at, "Elu", [x], { alpha: 1.6732632423543772 }),
      builder.scalar(1.0507009873554805),
    ]),
  sigmoid: op("Sigmoid"),
  silu,
  softmax: op("Softmax", { axis: -1 }),
  softplus: op("Softplus"),
  softsign: op("Softsign"),
  swish: silu,
  tanh: op("Tanh"),
};

/** The name of an activation in a configuration; "linear" where there is none. */
export function activationName(config: Config, name: string, missing = "linear"): string {
  const value: JsonValue = config.get(name) ?? missing;
  if (typeof value === "string") return snakeCase(value);
  const inner = isObject(value) ? (value["config"] ?? value["class_name"]) : undefined;
  if (typeof inner === "string") return snakeCase(inner);
  throw new UnsupportedError(sentence(`${config.where} ${name}`, known(), JSON.stringify(value).slice(0, 80)));
}

/** TensorFlow.js writes hardSigmoid for hard_sigmoid. */
const snakeCase = (name: string): string => name.replaceAll(/([a-z])([A-Z])/g, "$1_$2").toLowerCase();

const known = (): string => Object.keys(activations).join(", ");

/** Applies an activation by its name. Throws UnsupportedError for one that is not known. */
export function applyActivation(
  { builder, at, config, keras }: { builder: Builder; at: string; config: Config; keras: number },
  name: string,
  x: string,
): string {
  if (!Object.hasOwn(activations, name))
    throw new UnsupportedError(sentence(`${config.where} activation`, known(), JSON.stringify(name)));
  return activations[name](builder, at, x, keras);
}
