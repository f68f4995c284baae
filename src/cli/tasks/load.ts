/** @file The work of each task, loaded when it is needed. */
import type { Task, TaskDeclaration } from "./task.ts";

const works: Readonly<Record<string, () => Promise<Task>>> = {
  "language-model": async () => (await import("./language-model.ts")).languageModelTask,
  classify: async () => (await import("./classify.ts")).classifyTask,
  image: async () => (await import("./image.ts")).imageTask,
  tag: async () => (await import("./tag.ts")).tagTask,
  forecast: async () => (await import("./forecast.ts")).forecastTask,
  translate: async () => (await import("./translate.ts")).translateTask,
  transcribe: async () => (await import("./transcribe.ts")).transcribeTask,
};

export const loadTask = ({ name }: Pick<TaskDeclaration, "name">): Promise<Task> => works[name]();
