import { expect, test } from "vitest";
import { asTyped, programName } from "./program-name.ts";

test.each([
  [{}, "unrolled"],
  [{ npm_command: "exec", npm_config_user_agent: "npm/10.8.2 node/v20.19.0 linux x64" }, "npx unrolled"],
  [{ npm_execpath: "/usr/lib/node_modules/npm/bin/npx-cli.js" }, "npx unrolled"],
  [{ npm_command: "run-script", npm_config_user_agent: "npm/10.8.2" }, "npx unrolled"],
  [{ npm_command: "exec", npm_config_user_agent: "pnpm/9.0.0 npm/? node/v20" }, "pnpm exec unrolled"],
  [{ npm_config_user_agent: "yarn/4.1.0 npm/? node/v20" }, "yarn unrolled"],
  [{ npm_config_user_agent: "bun/1.1.0" }, "bunx unrolled"],
])("%j", (env, name) => {
  expect(programName(env)).toBe(name);
});

test("commands in a text are typed as this one was", () => {
  const env = { npm_command: "exec" };
  expect(asTyped("next: unrolled predict runs/unrolled FILE", env)).toBe(
    "next: npx unrolled predict runs/unrolled FILE",
  );
  expect(asTyped("unrolled train: expected a, got unrolled", env)).toBe("unrolled train: expected a, got unrolled");
  expect(asTyped("echo hi | unrolled predict x", {})).toBe("echo hi | unrolled predict x");
});
