/**
 * Some examples with their longest: "a batch of 2 of up to 40,000 words, the longest mails.csv line
 * 7".
 */
export function describeBatch<E extends { readonly place?: string | undefined }>(
  batch: readonly E[],
  lengthOf: (example: E) => number,
  noun: string,
): string {
  const whole = (n: number): string => n.toLocaleString("en-US");
  const [first] = batch;
  if (first === undefined) return "no examples";
  const longest = batch.reduce((best, example) => (lengthOf(example) > lengthOf(best) ? example : best), first);
  const of = `${whole(lengthOf(longest))} ${noun}`;
  const place = longest.place === undefined ? "" : `, ${batch.length === 1 ? "" : "the longest "}${longest.place}`;
  return batch.length === 1
    ? `one example of ${of}${place}`
    : `a batch of ${whole(batch.length)} of up to ${of}${place}`;
}
