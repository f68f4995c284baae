import type { Ops } from "../op.ts";
import { controlOps } from "./control.ts";
import { elementwiseOps } from "./elementwise.ts";
import { imageOps } from "./images.ts";
import { indexingOps } from "./indexing.ts";
import { maskedRecurrentOps } from "./masked-recurrent.ts";
import { productOps } from "./products.ts";
import { quantizedOps } from "./quantized.ts";
import { recurrentOps } from "./recurrent.ts";
import { reduceOps } from "./reduce.ts";
import { shapeOps } from "./shape.ts";
import { sharedDropoutOps } from "./shared-dropout.ts";

/** Every op that a network can have. */
export const ops: Ops = {
  ...controlOps,
  ...elementwiseOps,
  ...imageOps,
  ...indexingOps,
  ...maskedRecurrentOps,
  ...productOps,
  ...quantizedOps,
  ...recurrentOps,
  ...reduceOps,
  ...shapeOps,
  ...sharedDropoutOps,
};
