/**
 * @file Blocks that no scope owns: they are freed when their tensors become unreachable, which only
 * the garbage collector knows. The collector sees small objects and no reason to run, so it is told
 * of the memory behind them.
 */
import { yieldToHost } from "#platform";
import { bytesPerElement, warnOnce } from "../base/index.ts";
import { type Block, currentEngine, setMemoryAdvice } from "../engine/index.ts";

const MiB = 2 ** 20;

/** Bytes that may be added before the collector is told, whatever is alive. */
const LEAST = 256 * MiB;
/** However much is alive, the collector is told after so many bytes more. */
const MOST = 768 * MiB;
/**
 * Bytes that are made while a turn of the event loop is awaited before the user is told: with
 * `LEAST`, 1 GiB.
 */
const WARNED = 768 * MiB;

/** Bytes of unowned blocks that are alive. */
let live = 0;
/** At how many the collector is told again. */
let next = LEAST;
/** Bytes that became unowned since a turn of the event loop was asked for. */
let sinceAsked = 0;
let isTurnAwaited = false;

const sizeOfBlock = ({ dtype, length }: Block): number => length * bytesPerElement[dtype];

const unreachable = new FinalizationRegistry<Block>((block) => {
  currentEngine().free(block);
  live -= sizeOfBlock(block);
  next = Math.min(next, live + allowance());
});

/** `block` is freed when `owner` can no longer be reached. */
export function freeWhenUnreachable(owner: object, block: Block): void {
  unreachable.register(owner, block);
  const bytes = sizeOfBlock(block);
  live += bytes;
  sinceAsked += bytes;
  if (live >= next || (isTurnAwaited && sinceAsked >= WARNED)) tellCollector();
}

const allowance = (): number => Math.min(MOST, Math.max(LEAST, live));

/**
 * Whether so much is unowned that those who can should give the event loop a turn, in which memory
 * is freed.
 */
export const isMemoryWaiting = (): boolean => live >= LEAST;

/**
 * Makes V8 look for garbage: it counts the bytes of ArrayBuffers, so one is made and dropped that
 * is as large as what was allocated. Its pages are never touched, so it costs nothing but the
 * collection (1 to 3 ms with a small heap). Finalizers run in a turn of the event loop, which may
 * never come: a loop that does not await, or awaits only promises that are settled already, can't
 * be helped and is warned.
 */
function tellCollector(): void {
  if (live >= next) {
    const bytes = allowance();
    try {
      // the length is used, or a bundler would leave the buffer out
      next = live + new ArrayBuffer(bytes).byteLength;
    } catch {
      // no room for it, for which the collector has run
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
