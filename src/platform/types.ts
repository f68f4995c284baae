/**
 * @file Types that both sides share and that declarations of the public API name. They need no
 * types of the web or of Node.
 */
export type { MaybeSignal, Pacer, Pieces, WithoutSignal, WithSignal } from "./pacing.ts";
export type { ParentLink, WorkerEvents, WorkerLink } from "./worker-link.ts";
