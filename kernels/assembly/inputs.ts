// What a recurrent layer reads: inputs that are multiplied by W at each step, or rows of x·W that were computed beforehand, one for each of V inputs.

/** Rows first … last-1 of z, `row` bytes each, begin as the rows of `projected` that this step's ids name. */
export function readProjected(z: usize, row: usize, projected: usize, ids: usize, first: i32, last: i32): void {
  for (let b = first; b < last; b++) {
    memory.copy(z + <usize>b * row, projected + <usize>i32.load(ids + (<usize>b << 2)) * row, row);
  }
}

/** The same for one row of z, n columns of it: z and `projected` are where they begin. */
export function readProjectedPart(z: usize, projected: usize, ids: usize, row: usize, n: i32): void {
  memory.copy(z, projected + <usize>i32.load(ids) * row, <usize>n << 2);
}
