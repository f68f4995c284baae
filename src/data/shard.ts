/**
 * A part of the rows of every batch: part `rank` of `size`, for training that is spread over
 * several ranks.
 */
export type Shard = { readonly rank: number; readonly size: number };

/** All rows. */
export const WHOLE: Shard = { rank: 0, size: 1 };

/**
 * The rows of a batch that are a shard's, from `from` up to and without `to`. Shards follow one
 * another and differ by one row at most; there may be none, where the batch has fewer rows than
 * there are shards.
 */
export const shardRows = (rows: number, { rank, size }: Shard): { readonly from: number; readonly to: number } => ({
  from: Math.floor((rank * rows) / size),
  to: Math.floor(((rank + 1) * rows) / size),
});

/** The shard's examples of each batch; undefined where it has none. */
export function shardBatches<E>(batches: readonly (readonly E[])[], shard: Shard): (readonly E[] | undefined)[] {
  return batches.map((batch) => {
    const { from, to } = shardRows(batch.length, shard);
    return from === to ? undefined : batch.slice(from, to);
  });
}
