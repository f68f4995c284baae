/** @file What ranks decide together: what the clock, a signal or the leading rank knows. */
import { type Communicator, leads } from "./communicator.ts";
import type { EndReason } from "./events.ts";

/** Rank of a reason: the largest among all ranks wins. */
const weightOf = (reason: EndReason | undefined): number =>
  reason === undefined ? 0 : reason === "time" ? 1 : reason === "done" ? 2 : reason === "aborted" ? 4 : 3;

const REASONS: readonly (EndReason | undefined)[] = [undefined, "time", "done", "stopped by another rank", "aborted"];

/** Why the run ends on every rank, from why it would on this one. */
export async function agreeOnEnd(
  communicator: Communicator,
  reason: EndReason | undefined,
): Promise<EndReason | undefined> {
  const own = weightOf(reason);
  const [agreed] = await communicator.agree([own]);
  return agreed === own ? reason : REASONS[agreed];
}

/**
 * The value that the leading rank has, plain JSON but for numbers that are not finite. What the
 * others give is not looked at.
 */
export async function fromLeader<T>(communicator: Communicator, value: T): Promise<T> {
  const text = leads(communicator) ? JSON.stringify(value, nameNumber) : "";
  const [length] = await communicator.agree([text.length]);
  const units = await communicator.agree(Array.from({ length }, (_, i) => text.charCodeAt(i) || 0));
  return JSON.parse(units.map((unit) => String.fromCharCode(unit)).join(""), readNumber) as T;
}

/** JSON has no name for numbers that are not finite. */
const nameNumber = (_: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isFinite(value) ? { number: String(value) } : value;

const readNumber = (_: string, value: unknown): unknown => {
  const name = (value as { readonly number?: unknown } | null)?.number;
  return typeof name === "string" && Object.keys(value as object).length === 1 ? Number(name) : value;
};
