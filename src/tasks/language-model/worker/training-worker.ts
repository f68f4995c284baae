/**
 * @file The worker of `trainInWorker`: a file of its own in the build too, which loads the library.
 */
import { parentLink } from "#platform";
import { serveTraining } from "./serve-training.ts";

const link = parentLink();
if (link !== undefined) serveTraining(link);
