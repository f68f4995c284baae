export { DataError, FormatError, NotFiniteError, randomStream, UnsupportedError } from "./base/index.ts";
export * from "./tensor/index.ts";
