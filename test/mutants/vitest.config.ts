/** @file The configuration of all tests without its division into projects: the server runs files by their names. */
import config from "../../vitest.config.ts";

const { projects: _projects, ...test } = config.test ?? {};

export default { ...config, test };
