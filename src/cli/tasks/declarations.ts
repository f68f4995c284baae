/** @file The tasks that `unrolled train` knows beside the language model. */
import type { TaskDeclaration } from "./task.ts";

export const TASKS: readonly TaskDeclaration[] = [];

/** Throws nothing: undefined when there is none of that name. */
export const taskNamed = (name: string): TaskDeclaration | undefined => TASKS.find((task) => task.name === name);
