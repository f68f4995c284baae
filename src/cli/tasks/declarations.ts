/** @file The tasks that `unrolled train` knows beside the language model. */
import { CLASSIFY } from "./classify-options.ts";
import { FORECAST } from "./forecast-options.ts";
import { IMAGE } from "./image-options.ts";
import { TAG } from "./tag-options.ts";
import { TRANSCRIBE } from "./transcribe-options.ts";
import { TRANSLATE } from "./translate-options.ts";
import type { TaskDeclaration } from "./task.ts";

export const TASKS: readonly TaskDeclaration[] = [CLASSIFY, IMAGE, TAG, FORECAST, TRANSLATE, TRANSCRIBE];

/** Throws nothing: undefined when there is none of that name. */
export const taskNamed = (name: string): TaskDeclaration | undefined => TASKS.find((task) => task.name === name);
