import type { Ops } from "../op.ts";
import { controlOps } from "./control.ts";
import { elementwiseOps } from "./elementwise.ts";
import { productOps } from "./products.ts";
import { recurrentOps } from "./recurrent.ts";
import { reduceOps } from "./reduce.ts";
import { shapeOps } from "./shape.ts";

/** Every op that a network can have. */
export const ops: Ops = {
  ...controlOps,
  ...elementwiseOps,
  ...productOps,
  ...recurrentOps,
  ...reduceOps,
  ...shapeOps,
};
