/** Result of `f`, or undefined when it was cut short by the signal. */
export async function unlessAborted<R>(
  signal: AbortSignal | undefined,
  f: () => R | Promise<R>,
): Promise<R | undefined> {
  try {
    return await f();
  } catch (error) {
    if (signal?.aborted === true && error === signal.reason) return undefined;
    throw error;
  }
}
