/** @file The last step of the build: the compiled kernels beside the code that loads them, and an executable command. */
import { chmodSync, cpSync } from "node:fs";

const path = (relative: string): URL => new URL(relative, import.meta.url);

cpSync(path("../src/kernels"), path("../dist/kernels"), { recursive: true });
chmodSync(path("../dist/cli/main.js"), 0o755);
