/**
 * @file Prints the digests of all rows of the conformance table, computed with operations of 128 bits, for each class of numerics. Uses the built
 * platform. Every row runs with the first tile and one of the others, with UNROLLED_VERIFY=full with all. See the last test of conformance.test.ts.
 */
import { digest, faultsOf, sameBits } from "./compare.ts";
import { classes, engineOf, nameOf, tiles } from "./engines.ts";
import { kernelCases } from "./kernel-cases.ts";
import { recurrentCases } from "./recurrent-cases.ts";

export type Digests = {
  /** By name of the row, with the first tile. */
  readonly digests: Readonly<Record<string, string>>;
  /** Where other tiles gave other results. */
  readonly faults: readonly string[];
};

const FULL = process.env["UNROLLED_VERIFY"] === "full";

const byClass = classes.map((numerics): [string, Digests] => {
  const [first, ...others] = tiles.map((tile) => {
    const way = { numerics, tiles: [tile], revectorize: false, threads: 1 };
    return { name: nameOf(way), engine: engineOf(way) };
  });
  const faults: string[] = [];
  const digests = [...kernelCases, ...recurrentCases].map((kernel, row): [string, string] => {
    const results = kernel.run(first.engine);
    for (const { name, engine } of FULL ? others : [others[row % others.length]])
      faults.push(...faultsOf(kernel, kernel.run(engine), results, sameBits).map((fault) => `${name}: ${fault}`));
    return [kernel.name, digest(results)];
  });
  return [numerics, { digests: Object.fromEntries(digests), faults }];
});
console.log(JSON.stringify(Object.fromEntries(byClass)));
