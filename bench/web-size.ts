/** @file What a page has to load: the bundled and minified package with its kernels, gzipped. */
import { webSize } from "../scripts/web-bundle.ts";
import { WEB_GOAL } from "./goals.ts";
import type { Row } from "./table.ts";

const kB = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`;

export async function webSizeRows(): Promise<Row[]> {
  const { page, training } = await webSize();
  return [
    {
      case: "web build",
      contestant: "unrolled",
      figure: { value: page, unit: "bytes" },
      goal: { text: `≤ ${WEB_GOAL / 1000} kB`, met: page <= WEB_GOAL },
      note: `gzipped, with the kernels; ${kB(training)} more where trainInWorker is used`,
    },
  ];
}
