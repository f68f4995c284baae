// What one instance of the kernels keeps for itself. Each thread has its own instance on the shared memory.

/** Columns of a full panel: 16, or 8 where two vectors of 128 bits are not packed into one of 256. */
export let columns: i32 = 8;
/** Rows of the tallest tile. */
export let tallest: i32 = 6;
/** Private scratch memory of SPARE bytes. */
export let spare: usize = 0;
/** Constants of math.ts: an address that is not a constant itself, so that they are loads with an offset. */
export let table: usize = 0;

/** Rows of a's block that is packed at a time, and steps of the sum that go through one panel. */
export const ROW_BLOCK: i32 = 192;
export const SUM_BLOCK: i32 = 256;

/** Zeros to start a tile from; an edge tile; a block of a. */
export const ZEROS: usize = 0;
export const EDGE: usize = 64;

export const LEFT: usize = 512;
export const SPARE: usize = LEFT + 4 * ROW_BLOCK * SUM_BLOCK;

const constants: usize = memory.data<f32>(
  [
    1.44269504088896341, 12582912, 0.693359375, -2.12194440e-4,
    1.3882516650483012e-3, 8.366547524929047e-3, 4.166720062494278e-2, 1.666654348373413e-1, 4.999999701976776e-1, 1, 2,
    88.72283935546875, -104, 88, -88, 9.125,
    -0.0, Infinity,
  ],
  16,
);

/** Where all instances find the tile, in the page that holds jobs. */
const COLUMNS: usize = 264;
const TALLEST: usize = 268;

/** `scratch`: SPARE bytes that no other instance touches. */
export function setUp(scratch: usize): void {
  spare = scratch;
  table = constants;
  memory.fill(spare, 0, SPARE);
}

/** For all instances, from their next job on. */
export function setTile(panelColumns: i32, tileRows: i32): void {
  i32.store(COLUMNS, panelColumns);
  i32.store(TALLEST, tileRows);
}

/** Before each job. */
// @ts-ignore: decorator
@inline
export function loadTile(): void {
  columns = i32.load(COLUMNS);
  tallest = i32.load(TALLEST);
}

export function spareBytes(): i32 {
  return <i32>SPARE;
}
