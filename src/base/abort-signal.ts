/**
 * @file The type `AbortSignal` of the option `signal`, for programs that include neither the web's
 * types nor Node's.
 */

declare global {
  interface AbortSignal {
    readonly aborted: boolean;
  }
}

// oxlint-disable-next-line unicorn/require-module-specifiers -- makes it a module
export {};
