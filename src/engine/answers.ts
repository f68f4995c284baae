import type { Answers, Engine, Questions } from "./engine.ts";

/** Answers for `Engine.ask` of engines whose memory JavaScript can read. */
export function answersAtOnce(
  engine: Pick<Engine, "view" | "sumOfSquares" | "isAllFinite">,
  { scalars, squares, finite }: Questions,
): Answers {
  let sumOfSquares = 0;
  for (const x of squares) sumOfSquares = engine.sumOfSquares(x, sumOfSquares);
  const values: number[] = [];
  for (const x of scalars) values.push(engine.view(x)[0]);
  let notFinite = -1;
  for (let at = 0; at < finite.length && notFinite < 0; at++) if (!engine.isAllFinite(finite[at])) notFinite = at;
  return { scalars: values, sumOfSquares, notFinite };
}
