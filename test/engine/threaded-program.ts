/** @file A program that computes on four threads and ends. Prints how many they were, and when it came to its end. Uses the built platform. */
import { engineOf, tiles, untilRunning } from "./engines.ts";
import { kernelCases } from "./kernel-cases.ts";

const engine = engineOf({ numerics: "portable", tiles, revectorize: false, threads: 4 });
const large = kernelCases.filter((kernel) => kernel.large);
await untilRunning(engine, () => void large[0].run(engine));
large[0].run(engine);
console.log(engine.report().running, Date.now());
