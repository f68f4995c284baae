/** @file What a mutant is: one deliberate bug as a patch of one source file. */

export type Family =
  | "lstm"
  | "gru"
  | "rnn"
  | "loss-optimizer"
  | "ctc"
  | "crf"
  | "likelihood"
  | "attention"
  | "search"
  | "metrics"
  | "windows";

export type Mutant = {
  /** Unique; says what is wrong. */
  readonly name: string;
  readonly family: Family;
  /** Relative to the repository. */
  readonly file: string;
  /** Must occur in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** Test files that must catch it together. Without any, the golden checks of `check.ts` must. */
  readonly tests?: readonly string[];
};

/** How a run of the checks ended. A hang counts as caught; `broken` is a mutant that is no program. */
export type Outcome = { readonly kind: "caught" | "survived" | "broken"; readonly detail: string };

/** What a test server is asked: run these tests, now that this file has changed. */
export type TestRequest = { readonly file: string; readonly tests: readonly string[] };

type Patch = readonly [name: string, find: string, replace: string];

/** The mutants of one family in one file, as [name, find, replace]. */
export function mutantsIn(
  family: Family,
  file: string,
  patches: readonly Patch[],
  tests?: readonly string[],
): Mutant[] {
  return patches.map(([name, find, replace]) => ({ name, family, file, find, replace, ...(tests && { tests }) }));
}

/** Every other order of the letters. */
export function wrongOrders(order: string): string[] {
  const permutations = (rest: string): string[] =>
    rest.length <= 1
      ? [rest]
      : [...rest].flatMap((first) => permutations(rest.replace(first, "")).map((tail) => first + tail));
  return permutations(order).filter((other) => other !== order);
}

/**
 * Mutants that replace the order of one dialect at a time in a line like `const NAME: … = { tf1: "…", keras: "…", torch: "…" };`, such that
 * together they apply every wrong permutation once.
 */
export function gateOrderMutants(
  family: Family,
  file: string,
  declaration: string,
  orders: readonly { readonly dialect: string; readonly order: string }[],
  dialects: readonly string[],
): Mutant[] {
  const line = (of: readonly { readonly dialect: string; readonly order: string }[]): string =>
    `${declaration} = { ${of.map(({ dialect, order }) => `${dialect}: "${order}"`).join(", ")} };`;
  const positions = Array.from(orders[0].order, (_, i) => String(i)).join("");
  return wrongOrders(positions).map((permutation, k) => {
    const dialect = dialects[k % dialects.length];
    const wrong = orders.map((entry) =>
      entry.dialect === dialect
        ? { dialect, order: Array.from(permutation, (i) => entry.order[Number(i)]).join("") }
        : entry,
    );
    const right = orders.find((entry) => entry.dialect === dialect)?.order;
    const order = wrong.find((entry) => entry.dialect === dialect)?.order;
    return {
      name: `${family} ${dialect} gates ${order} for ${right}`,
      family,
      file,
      find: line(orders),
      replace: line(wrong),
    };
  });
}
