/** @file What a page has to load: the bundled and minified package and one build of the kernels, gzipped. */
import { webSize } from "../scripts/web-bundle.ts";
import { WEB_GOAL } from "./goals.ts";
import type { Row } from "./table.ts";

const kB = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`;

export async function webSizeRows(): Promise<Row[]> {
  const { script, kernels, total } = await webSize();
  return [
    {
      case: "web build",
      contestant: "unrolled",
      figure: { value: total, unit: "bytes" },
      goal: { text: `≤ ${WEB_GOAL / 1000} kB`, met: total <= WEB_GOAL },
      note: `gzipped: ${kB(script)} of minified JavaScript, ${kB(kernels)} of kernels`,
    },
  ];
}
