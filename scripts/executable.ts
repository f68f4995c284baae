/** @file npm marks the command as executable when it packs; this does the same for running it from the checkout. */
import { chmodSync } from "node:fs";

chmodSync(new URL("../dist/cli/main.js", import.meta.url), 0o755);
