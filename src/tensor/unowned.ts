/**
 * @file Blocks that no scope owns. They are freed when the garbage collector finds their tensors
 * unreachable. The collector sees only small objects and no reason to run, so this file makes it
 * run.
 */
import { yieldToHost } from "#platform";
import { bytesPerElement, warnOnce } from "../base/index.ts";
import { type Block, currentEngine, setMemoryAdvice } from "../engine/index.ts";

const MiB = 2 ** 20;

/** Fewest bytes that are added before the collector is made to run. */
const LEAST = 256 * MiB;
/** Most bytes that are added before the collector is made to run. */
const MOST = 768 * MiB;
/**
 * Bytes added without a turn of the event loop after which the user is warned; with `LEAST`, 1 GiB.
 */
const WARNED = 768 * MiB;

/** Bytes of unowned blocks in use. */
let live = 0;
/** Value of `live` at which the collector is next made to run. */
let next = LEAST;
/** Bytes that became unowned since a turn of the event loop was requested. */
let sinceAsked = 0;
let isTurnAwaited = false;

const sizeOfBlock = ({ dtype, length }: Block): number => length * bytesPerElement[dtype];

const unreachable = new FinalizationRegistry<Block>((block) => {
  currentEngine().free(block);
  live -= sizeOfBlock(block);
  next = Math.min(next, live + allowance());
});

/** Frees `block` when `owner` becomes unreachable. */
export function freeWhenUnreachable(owner: object, block: Block): void {
  unreachable.register(owner, block);
  const bytes = sizeOfBlock(block);
  live += bytes;
  sinceAsked += bytes;
  if (live >= next || (isTurnAwaited && sinceAsked >= WARNED)) tellCollector();
}

const allowance = (): number => Math.min(MOST, Math.max(LEAST, live));

/**
 * Whether so much memory is unowned that callers should yield to the event loop, which frees it.
 */
export const isMemoryWaiting = (): boolean => live >= LEAST;

/**
 * Makes V8 collect garbage. V8 counts the bytes of ArrayBuffers, so this allocates and drops one as
 * large as the memory added. Its pages are never touched, so only the collection costs time (1 to 3
 * ms with a small heap). Finalizers run in a turn of the event loop. A loop that does not await, or
 * awaits only settled promises, never gets there and is warned.
 */
function tellCollector(): void {
  if (live >= next) {
    const bytes = allowance();
    try {
      // uses the length, because a bundler would otherwise remove the buffer
      next = live + new ArrayBuffer(bytes).byteLength;
    } catch {
      // no room for the buffer: the collector has already run to find some
      next = live + bytes;
    }
  }
  if (!isTurnAwaited) {
    isTurnAwaited = true;
    sinceAsked = 0;
    void yieldToHost().then(() => {
      isTurnAwaited = false;
    });
  } else if (sinceAsked >= WARNED) {
    warnOnce(
      "over 1 GiB of tensors outside every scope was made without a turn of the event loop, in which the unused ones would be freed; wrap each round of the loop in scope(() => ...)",
    );
  }
}

setMemoryAdvice((used) =>
  live > used / 2
    ? "Most of it is in tensors outside every scope: wrap each round of the loop in scope(() => ...), which frees what it does not return"
    : undefined,
);
