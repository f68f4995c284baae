import { checkOptions } from "../../base/index.ts";
import type { AttentionMap } from "./answers.ts";

export type AttentionPictureOptions = {
  /** Above the picture. Default: none. */
  readonly title?: string | undefined;
};

const CELL = 22;
const FONT = 13;
const LEVELS = 16;

/**
 * A heat map of attention as the text of an SVG: source tokens from left to right, target tokens
 * from top to bottom, the darker the more weight. Weights are drawn in 16 steps, what is below a
 * 32nd not at all.
 */
export function attentionPicture(
  { source, target, weights }: AttentionMap,
  { title }: AttentionPictureOptions = {},
): string {
  checkOptions("attentionPicture", arguments[1], "title");
  const left = 16 + widthOf(target);
  const top = (title === undefined ? 16 : 44) + widthOf(source);
  const width = left + source.length * CELL + 16;
  const height = top + target.length * CELL + 16;
  const middle = CELL / 2;
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
      `font-family="system-ui, 'Segoe UI', 'Noto Sans CJK KR', Arial, sans-serif" font-size="${FONT}" fill="#333">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
  ];
  if (title !== undefined) lines.push(`<text x="16" y="28" font-size="16">${escaped(title)}</text>`);
  source.forEach((token, i) => {
    const x = left + i * CELL + middle;
    lines.push(`<text transform="translate(${x} ${top - 8}) rotate(-90)" dy=".35em">${shown(token)}</text>`);
  });
  target.forEach((token, j) => {
    const y = top + j * CELL + middle;
    lines.push(`<text x="${left - 8}" y="${y}" dy=".35em" text-anchor="end">${shown(token)}</text>`);
  });
  for (const [level, path] of cellsByLevel(weights).entries())
    if (path !== "")
      lines.push(
        `<path transform="translate(${left} ${top}) scale(${CELL})" fill="#1f5a9d" fill-opacity="${level / LEVELS}" d="${path}"/>`,
      );
  lines.push(
    `<rect x="${left}" y="${top}" width="${source.length * CELL}" height="${target.length * CELL}" fill="none" stroke="#bbb"/>`,
    "</svg>",
  );
  return `${lines.join("\n")}\n`;
}

/** For each level, the squares that have it, as one path. */
function cellsByLevel(weights: readonly (readonly number[])[]): string[] {
  const paths = Array.from({ length: LEVELS + 1 }, () => "");
  weights.forEach((row, j) => {
    row.forEach((weight, i) => {
      const level = Math.min(LEVELS, Math.max(0, Math.round(weight * LEVELS)));
      if (level > 0) paths[level] += `M${i} ${j}h1v1h-1z`;
    });
  });
  return paths;
}

/** An estimate of the longest token's width. */
const widthOf = (tokens: readonly string[]): number =>
  8 +
  Math.max(...tokens.map((token) => [...token].reduce((sum, sign) => sum + (sign < "\u1100" ? 0.62 : 1) * FONT, 0)));

/** A space is seen as an open box. */
const shown = (token: string): string => escaped(token.replaceAll(" ", "␣"));

const escaped = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    // not allowed in XML
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD");
