/** A part of the rows of every batch: part `rank` of `size`, for training on several ranks. */
export type Shard = { readonly rank: number; readonly size: number };

/** The shard of all rows. */
export const WHOLE: Shard = { rank: 0, size: 1 };

/**
 * Rows of a batch that belong to a shard: from `from` up to, but not including, `to`. Shards are
 * consecutive and differ by at most one row. A shard is empty if the batch has fewer rows than
 * shards.
 */
export const shardRows = (rows: number, { rank, size }: Shard): { readonly from: number; readonly to: number } => ({
  from: Math.floor((rank * rows) / size),
  to: Math.floor(((rank + 1) * rows) / size),
});

/** Examples of each batch that belong to the shard; undefined if there are none. */
export function shardBatches<E>(batches: readonly (readonly E[])[], shard: Shard): (readonly E[] | undefined)[] {
  return batches.map((batch) => {
    const { from, to } = shardRows(batch.length, shard);
    return from === to ? undefined : batch.slice(from, to);
  });
}
