/**
 * Says what to do when memory has run out, given the bytes in use; undefined: nothing that is
 * better than the usual advice.
 */
type Advice = (used: number) => string | undefined;

let advice: Advice | undefined;

/** Sets what knows more about who uses the memory than an engine does. */
export function setMemoryAdvice(other: Advice): void {
  advice = other;
}

/** What to do when an engine has no more memory and `used` bytes are in use. */
export const memoryAdvice = (used: number): string =>
  advice?.(used) ?? "Use a smaller batch, shorter sequences or fewer units";
