/**
 * @file Refuses to publish a package whose page in a registry would lead nowhere: `repository`,
 * `homepage` and `bugs` have to name public addresses. npm runs it before `npm publish`.
 */
import { readFileSync } from "node:fs";

const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as Record<
  string,
  unknown
>;
const missing = ["repository", "homepage", "bugs"].filter((field) => manifest[field] === undefined);
if (missing.length > 0) {
  console.error(`package.json: expected ${missing.join(", ")} before publishing, got none`);
  process.exitCode = 1;
}
