import { Option } from "commander";
import { integer } from "../terminal/values.ts";

/** `--threads`, for commands that compute much. */
export const threadsOption = (): Option =>
  new Option("--threads <n>", "threads for large kernels (default: one for each processor)").argParser(
    integer(1, 1024),
  );
