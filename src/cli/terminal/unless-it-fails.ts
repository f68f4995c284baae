import { warn } from "./output.ts";
import { plainMessage } from "./plain-message.ts";

/**
 * Does what a finished run can do without, such as a picture. Where it fails, one line on stderr
 * says why, and the run stays finished. Resolves to whether it was done.
 */
export async function unlessItFails(what: string, work: () => void | Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    warn(`${what} could not be written: ${error instanceof Error ? plainMessage(error.message) : String(error)}`);
    return false;
  }
}
