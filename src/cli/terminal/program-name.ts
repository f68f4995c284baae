/** @file How the command was called, so that what it proposes can be typed. */

/** Commands that are proposed; `unrolled train: …` names one and proposes nothing. */
const PROPOSED =
  /(?<![\w/-])unrolled (?=(?:train|sample|predict|evaluate|inspect|compare|diagnose|example|doctor|import|export) )/g;

/** Word or words that call the command. A package manager that runs it leaves its name in `env`. */
export function programName(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const { npm_config_user_agent: agent = "", npm_execpath: path = "", npm_command: command } = env;
  if (command === undefined && agent === "" && path === "") return "unrolled";
  if (agent.startsWith("pnpm/")) return "pnpm exec unrolled";
  if (agent.startsWith("yarn/")) return "yarn unrolled";
  if (agent.startsWith("bun/")) return "bunx unrolled";
  return "npx unrolled";
}

/** A text with the commands in it as they are typed here. */
export const asTyped = (text: string, env?: Readonly<Record<string, string | undefined>>): string =>
  text.replaceAll(PROPOSED, `${programName(env)} `);
