/**
 * A function from the bytes in use to advice on what to do when memory has run out, or undefined
 * for the default advice.
 */
type Advice = (used: number) => string | undefined;

let advice: Advice | undefined;

/** Sets a source of advice that knows what the memory is used for. */
export function setMemoryAdvice(other: Advice): void {
  advice = other;
}

/** Advice for when an engine is out of memory and `used` bytes are in use. */
export const memoryAdvice = (used: number): string =>
  advice?.(used) ?? "Use a smaller batch, shorter sequences or fewer units";
