/**
 * @file Types that both sides share and that the public API's declarations name. They need no types
 * of the web or of Node.
 */
export type { MaybeSignal, Pacer, Pieces, WithoutSignal, WithSignal } from "./pacing.ts";
export type { ParentLink, WorkerEvents, WorkerLink } from "./worker-link.ts";
