/** @file The tasks that the commands know. */
import { CLASSIFY } from "./classify-options.ts";
import { FORECAST } from "./forecast-options.ts";
import { IMAGE } from "./image-options.ts";
import { LANGUAGE_MODEL } from "./language-model-options.ts";
import { TAG } from "./tag-options.ts";
import { TRANSCRIBE } from "./transcribe-options.ts";
import { TRANSLATE } from "./translate-options.ts";
import type { TaskDeclaration } from "./task.ts";

/** The first is what is trained where no other is named. */
export const TASKS: readonly TaskDeclaration[] = [
  LANGUAGE_MODEL,
  CLASSIFY,
  IMAGE,
  TAG,
  FORECAST,
  TRANSLATE,
  TRANSCRIBE,
];

export const TASK_NAMES: readonly string[] = TASKS.map(({ name }) => name);

/** Undefined when there is none of that name. */
export const taskNamed = (name: string): TaskDeclaration | undefined => TASKS.find((task) => task.name === name);
