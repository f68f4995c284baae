/**
 * @file A picture of a recording with its text: the energies as a PNG inside an SVG, the characters
 * above where they are heard.
 */
import { crc32, deflateSync } from "node:zlib";
import { checkOptions, DataError, sentence } from "../../base/index.ts";
import type { AlignedCharacter, Features } from "../../tasks/index.ts";

export type SpectrogramOptions = {
  /** Seconds from frame to frame. */
  readonly hopSeconds: number;
  /** Characters above the picture, such as those of `transcribe` or `alignText`. Default: none. */
  readonly alignment?: readonly AlignedCharacter[] | undefined;
  readonly title?: string | undefined;
  /** Edges of the lowest and the highest band in Hz, written beside them. */
  readonly hertz?: readonly [number, number] | undefined;
};

/**
 * Dark to light, each step as much lighter as the last: viridis at 0, 1/4, … 1 (van der Walt and
 * Smith 2015).
 */
const COLOURS = [
  [68, 1, 84],
  [59, 82, 139],
  [33, 145, 140],
  [94, 201, 98],
  [253, 231, 37],
] as const;

const [LEFT, TOP, HEIGHT, SECOND] = [52, 56, 160, 400];

/** 80 dB, as the natural logarithm of an energy. */
const RANGE = 8 * Math.LN10;

/**
 * SVG of frames of `logMel`, low bands at the bottom. What is more than 80 dB below the loudest has
 * the colour of silence. Throws DataError for no frames.
 */
export function spectrogramSvg(
  { data, frames, size }: Features,
  { hopSeconds, alignment = [], title = "", hertz }: SpectrogramOptions,
): string {
  checkOptions("spectrogramSvg", arguments[1], "hopSeconds alignment title hertz");
  if (frames === 0) throw new DataError(sentence("spectrogramSvg", "at least one frame", "none"));
  const seconds = frames * hopSeconds;
  const width = Math.max(200, Math.round(seconds * SECOND));
  // the last step may go beyond the last frame
  const xOf = (second: number): string => (LEFT + Math.min(1, second / seconds) * width).toFixed(1);
  const image = Buffer.from(heatMapPng(data, frames, size)).toString("base64");
  const characters = alignment.map(({ character, from, to }) => {
    const [x, middle] = [xOf(from), xOf((from + to) / 2)];
    const line = `<line x1="${x}" x2="${x}" y1="${TOP - 14}" y2="${TOP + HEIGHT}" stroke="#fff" stroke-opacity="0.35"/>`;
    return `${line}<text x="${middle}" y="${TOP - 8}" text-anchor="middle">${escaped(character === " " ? "␣" : character)}</text>`;
  });
  const ticks = Array.from({ length: Math.floor(seconds / 0.2 + 1e-9) + 1 }, (_, i) => {
    const second = i * 0.2;
    return `<text x="${xOf(second)}" y="${TOP + HEIGHT + 18}" text-anchor="middle">${second.toFixed(1)}</text>`;
  });
  const edges = (hertz ?? []).map(
    (edge, i) =>
      `<text x="${LEFT - 6}" y="${i === 0 ? TOP + HEIGHT : TOP + 10}" text-anchor="end">${Math.round(edge)}</text>`,
  );
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width + LEFT + 24} ${TOP + HEIGHT + 44}" font-family="Helvetica, Arial, sans-serif" font-size="13">`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    `<text x="${LEFT}" y="20" font-weight="bold">${escaped(title)}</text>`,
    `<image x="${LEFT}" y="${TOP}" width="${width}" height="${HEIGHT}" preserveAspectRatio="none" href="data:image/png;base64,${image}"/>`,
    ...characters,
    ...ticks,
    `<text x="${LEFT + width / 2}" y="${TOP + HEIGHT + 36}" text-anchor="middle">seconds</text>`,
    `<text transform="translate(${LEFT - 12} ${TOP + HEIGHT / 2}) rotate(-90)" text-anchor="middle">${hertz ? "Hz (mel)" : "bands"}</text>`,
    ...edges,
    "</svg>",
  ];
  return `${lines.join("\n")}\n`;
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** Colour of a share of the range. */
function palette(): Uint8Array {
  const bytes = new Uint8Array(256 * 3);
  for (let i = 0; i < 256; i++) {
    const at = (i / 255) * (COLOURS.length - 1);
    const below = Math.min(COLOURS.length - 2, Math.floor(at));
    for (let c = 0; c < 3; c++)
      bytes[3 * i + c] = Math.round(COLOURS[below][c] + (COLOURS[below + 1][c] - COLOURS[below][c]) * (at - below));
  }
  return bytes;
}

/** One pixel for each number, in 256 colours up to the largest (PNG, ISO/IEC 15948). */
function heatMapPng(data: Float32Array, frames: number, size: number): Uint8Array {
  let [low, high] = [Infinity, -Infinity];
  for (const x of data) [low, high] = [Math.min(low, x), Math.max(high, x)];
  low = Math.max(low, high - RANGE);
  const scale = high > low ? 255 / (high - low) : 0;
  // a row begins with its filter, 0: none
  const rows = new Uint8Array(size * (frames + 1));
  for (let band = 0; band < size; band++)
    for (let t = 0; t < frames; t++)
      rows[(size - 1 - band) * (frames + 1) + 1 + t] = Math.round(Math.max(0, data[t * size + band] - low) * scale);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(frames, 0);
  header.writeUInt32BE(size, 4);
  // 8 bits of a palette
  header.set([8, 3], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const none = Buffer.alloc(0);
  const pixels = deflateSync(rows, { level: 9 });
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("PLTE", palette()),
    chunk("IDAT", pixels),
    chunk("IEND", none),
  ]);
}

function chunk(name: string, content: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(name, "latin1"), content]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(content.length, 0);
  out.set(body, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}
