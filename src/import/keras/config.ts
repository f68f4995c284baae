/** @file Settings of layers as Keras writes them, read with their types. */
import { describe, FormatError, sentence } from "../../base/index.ts";
import type { JsonValue } from "../../formats/index.ts";

type JsonObject = { [key: string]: JsonValue };

export const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Settings by name. Each method throws FormatError for one of another type. */
export class Config {
  readonly where: string;
  readonly values: Readonly<JsonObject>;

  constructor(where: string, values: JsonValue | undefined) {
    this.where = where;
    if (!isObject(values)) throw new FormatError(sentence(where, "an object of settings", described(values)));
    this.values = values;
  }

  /** Undefined where there is none, or null. */
  get(name: string): JsonValue | undefined {
    return Object.hasOwn(this.values, name) ? (this.values[name] ?? undefined) : undefined;
  }

  text(name: string, missing?: string): string {
    const value = this.get(name) ?? missing;
    if (typeof value !== "string") throw this.error(name, "a text", value);
    return value;
  }

  number(name: string, missing?: number): number {
    const value = this.get(name) ?? missing;
    if (typeof value !== "number") throw this.error(name, "a number", value);
    return value;
  }

  /** An integer of at least `min`, at most 2^31 - 1. */
  size(name: string, missing?: number, min = 1): number {
    const value = this.number(name, missing);
    if (!Number.isInteger(value) || value < min || value > 2 ** 31 - 1)
      throw this.error(name, `an integer >= ${min}`, value);
    return value;
  }

  flag(name: string, missing: boolean): boolean {
    const value = this.get(name) ?? missing;
    if (typeof value !== "boolean") throw this.error(name, "true or false", value);
    return value;
  }

  list(name: string, missing?: readonly JsonValue[]): readonly JsonValue[] {
    const value = this.get(name) ?? missing;
    if (!Array.isArray(value)) throw this.error(name, "a list", value as JsonValue | undefined);
    return value as readonly JsonValue[];
  }

  /** A number, or a list of them, which becomes a list. */
  sizes(name: string, count: number | undefined, missing?: number): number[] {
    const value = this.get(name) ?? missing;
    const list = Array.isArray(value)
      ? value
      : count === undefined
        ? [value]
        : Array.from({ length: count }, () => value);
    const isRight = list.every((n) => typeof n === "number" && Number.isInteger(n) && Math.abs(n) < 2 ** 31);
    if (!isRight || (count !== undefined && list.length !== count))
      throw this.error(name, count === undefined ? "integers" : `${count} integers`, value);
    return list as number[];
  }

  /** Settings inside of these. */
  inner(name: string): Config {
    return new Config(`${this.where} ${name}`, this.get(name));
  }

  error(name: string, expected: string, got: JsonValue | undefined): FormatError {
    return new FormatError(sentence(`${this.where} ${name}`, expected, described(got)));
  }
}

const described = (value: JsonValue | undefined): string =>
  value === undefined ? "none" : isObject(value) ? JSON.stringify(value).slice(0, 80) : describe(value);

/** A layer in a configuration: its class, name, and settings. */
export type LayerEntry = {
  readonly className: string;
  /** Package that the class is of, in Keras 3: "keras.layers", "keras.src.ops.numpy". */
  readonly module: string;
  readonly name: string;
  readonly config: Config;
  /** The calls of it, in a functional model. */
  readonly inbound: readonly JsonValue[];
  /** Shapes of inputs it was built for, where the file says so. */
  readonly inputShape: JsonValue | undefined;
};

/** Reads a layer of a configuration. Throws FormatError. */
export function layerEntry(where: string, value: JsonValue | undefined): LayerEntry {
  const entry = new Config(where, value);
  const className = entry.text("class_name");
  // Keras 1 and 2.1 had a list of layers in place of a sequential model's settings
  const given = entry.get("config");
  const config = Array.isArray(given) ? new Config(`${where} config`, { layers: given }) : entry.inner("config");
  const name = entry.text("name", config.text("name", className));
  if (name === "__proto__" || name === "") throw entry.error("name", "an ordinary name", name);
  const at = `layer ${JSON.stringify(name)} (${className})`;
  const build = entry.get("build_config");
  return {
    className,
    module: entry.text("module", ""),
    name,
    config: new Config(at, config.values),
    inbound: entry.list("inbound_nodes", []),
    inputShape: isObject(build) ? build["input_shape"] : undefined,
  };
}
