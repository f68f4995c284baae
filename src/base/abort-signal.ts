/**
 * @file A signal's type for programs that have neither the web's types nor Node's, and would find
 * none for the option `signal`.
 */

declare global {
  interface AbortSignal {
    readonly aborted: boolean;
  }
}

// oxlint-disable-next-line unicorn/require-module-specifiers -- makes it a module
export {};
