/** @file Pictures in another size. */
import { checkInteger } from "../../base/index.ts";
import type { Picture } from "./inputs.ts";

/** Most pixels on a side. */
const LONGEST = 65_536;

/**
 * The whole picture in another size, without regard to its proportions: bilinear, and over as many
 * pixels as become one where it gets smaller, so that nothing is left out (the filter of Pillow's
 * `BILINEAR` and of torchvision's `antialias`). Throws RangeError for sizes that are none.
 */
export function resizePicture(
  picture: Picture,
  { width, height }: { readonly width: number; readonly height: number },
): Picture {
  checkInteger("resizePicture width", width, 1, LONGEST);
  checkInteger("resizePicture height", height, 1, LONGEST);
  if (picture.width === width && picture.height === height) return picture;
  const { channels } = picture;
  // rows first: fewer pixels are left for the columns
  const wide = new Float64Array(width * picture.height * channels);
  const across = spansOf(picture.width, width);
  for (let y = 0; y < picture.height; y++)
    for (let x = 0; x < width; x++) {
      const { first, weights } = across[x];
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let i = 0; i < weights.length; i++)
          sum += weights[i] * picture.data[(y * picture.width + first + i) * channels + c];
        wide[(y * width + x) * channels + c] = sum;
      }
    }
  const data = new Uint8Array(width * height * channels);
  const row = width * channels;
  for (const [y, { first, weights }] of spansOf(picture.height, height).entries())
    for (let x = 0; x < row; x++) {
      let sum = 0;
      for (let i = 0; i < weights.length; i++) sum += weights[i] * wide[(first + i) * row + x];
      data[y * row + x] = Math.round(sum);
    }
  return { width, height, channels, data };
}

/** Pixels that one of the new ones is made of; the weights add up to 1. */
type Span = { readonly first: number; readonly weights: Float64Array };

function spansOf(from: number, to: number): Span[] {
  const scale = from / to;
  const reach = Math.max(1, scale);
  return Array.from({ length: to }, (_, i) => {
    const center = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(center - reach + 0.5));
    const end = Math.min(from, Math.floor(center + reach + 0.5));
    const weights = Float64Array.from({ length: end - first }, (__, k) =>
      Math.max(0, 1 - Math.abs(first + k + 0.5 - center) / reach),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}
