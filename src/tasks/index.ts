/** @file The entry `unrolled/tasks`: applications of recurrent networks, each a model with its data, training and measures. */
export {};
