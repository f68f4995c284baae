/**
 * @file Pictures that are moved and bent a little at random, so that a model sees more of them than
 * there are.
 */
import { checkNumber, type RandomStream } from "../../base/index.ts";
import type { Picture } from "./inputs.ts";

export type ImageAugmentation = {
  /** Largest shift, in pixels, in each direction. Default 0. */
  readonly shift?: number | undefined;
  /**
   * Largest change of each coefficient of the affine map around the centre: it turns, leans and
   * scales; 0.2 is 11 degrees, or a fifth larger. Default 0.
   */
  readonly affine?: number | undefined;
};

/**
 * A copy of a picture, mapped at random and read between its pixels (bilinear). What lies outside
 * is 0.
 */
export function augmented(
  picture: Picture,
  { shift = 0, affine = 0 }: ImageAugmentation,
  random: RandomStream,
): Picture {
  const { width, height, channels, data } = picture;
  const within = (bound: number): number => (2 * random.uniform() - 1) * bound;
  const [a, b, c, d] = [1 + within(affine), within(affine), within(affine), 1 + within(affine)];
  const [right, down] = [within(shift), within(shift)];
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
  const out = new Uint8Array(data.length);
  const at = (x: number, y: number, channel: number): number =>
    x < 0 || y < 0 || x >= width || y >= height ? 0 : data[(y * width + x) * channels + channel];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const fromX = a * (x - middleX) + b * (y - middleY) + middleX + right;
      const fromY = c * (x - middleX) + d * (y - middleY) + middleY + down;
      const [left, top] = [Math.floor(fromX), Math.floor(fromY)];
      const [partX, partY] = [fromX - left, fromY - top];
      for (let channel = 0; channel < channels; channel++) {
        const upper = at(left, top, channel) * (1 - partX) + at(left + 1, top, channel) * partX;
        const lower = at(left, top + 1, channel) * (1 - partX) + at(left + 1, top + 1, channel) * partX;
        out[(y * width + x) * channels + channel] = Math.round(upper * (1 - partY) + lower * partY);
      }
    }
  }
  return { width, height, channels, data: out };
}

/** Throws TypeError and RangeError. */
export function checkAugment(where: string, { shift = 0, affine = 0 }: ImageAugmentation): void {
  checkNumber(`${where} shift`, shift, 0);
  checkNumber(`${where} affine`, affine, 0, 0.9);
}
