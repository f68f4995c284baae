import { expect, test } from "vitest";
import { FormatError } from "../base/index.ts";
import { zeros } from "../tensor/index.ts";
import { decodeModelOf, encodeModel } from "./saved-model.ts";

test("what a constructor refuses is a fault of the file", () => {
  const bytes = encodeModel({
    kind: "mine",
    configuration: () => ({}),
    parameters: () => ({ w: zeros([1]) }),
  });
  const decode = (error: Error) => (): unknown =>
    decodeModelOf("load", bytes, {
      mine() {
        throw error;
      },
    });
  expect(decode(new RangeError("size: expected 1, got 0"))).toThrow(new FormatError("load: size: expected 1, got 0"));
  // what has nothing to do with the file stays as it is
  expect(decode(new SyntaxError("a slip"))).toThrow(SyntaxError);
});
