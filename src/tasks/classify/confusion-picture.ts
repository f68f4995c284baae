/** @file A confusion matrix as a picture. */
import { type ConfusionMatrix, largestClasses } from "../../metrics/index.ts";

/** More classes than this have no numbers in their cells. */
const MOST_NUMBERS = 30;
const FONT = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif";

/** More classes than this are not to be told apart, and their cells would be megabytes of text. */
const MOST_CLASSES = 100;

/**
 * SVG of a confusion matrix: a row per actual class, darker the larger its share of the row. The
 * same matrix gives the same text. Of more than 100 classes it shows the 99 with most examples, and
 * one for all others.
 */
export function confusionPicture(matrix: ConfusionMatrix, title = "Confusion matrix"): string {
  const { labels, counts } = largestClasses(matrix, MOST_CLASSES);
  const names = labels.map((label) => shortened(label));
  const side = Math.max(14, Math.min(64, Math.floor(560 / labels.length)));
  const longest = Math.max(6, ...names.map((name) => Array.from(name).length));
  const left = 36 + 7 * longest;
  const top = 64;
  const size = side * labels.length;
  const bottom = 28 + 5 * longest;
  const [width, height] = [Math.max(left + size + 20, 320), top + size + bottom];
  const fontSize = Math.max(8, Math.min(13, Math.floor(side / 3.2)));
  const middle = (i: number): number => (i + 0.5) * side;
  const cells = counts.flatMap((row, i) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.map((count, j) => {
      const share = total === 0 ? 0 : count / total;
      const box = `<rect x="${left + j * side}" y="${top + i * side}" width="${side}" height="${side}" fill="${shade(share, i === j)}"/>`;
      if (labels.length > MOST_NUMBERS || count === 0) return box;
      const color = share > 0.55 ? "white" : "#222";
      return `${box}<text x="${left + middle(j)}" y="${top + middle(i)}" fill="${color}" text-anchor="middle" dominant-baseline="central">${count}</text>`;
    });
  });
  const rows = names.map(
    (name, i) =>
      `<text x="${left - 8}" y="${top + middle(i)}" text-anchor="end" dominant-baseline="central">${escaped(name)}</text>`,
  );
  const columns = names.map((name, j) => {
    const [x, y] = [left + middle(j), top + size + 14];
    return `<text x="${x}" y="${y}" text-anchor="end" transform="rotate(-40 ${x} ${y})">${escaped(name)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONT}" font-size="${fontSize}" fill="#333">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    `<text x="16" y="26" font-size="16" font-weight="bold">${escaped(title)}</text>`,
    `<text x="16" y="46" font-size="12" fill="#555">rows: actual, columns: predicted</text>`,
    ...cells,
    `<rect x="${left}" y="${top}" width="${size}" height="${size}" fill="none" stroke="#888"/>`,
    ...rows,
    ...columns,
    "</svg>\n",
  ].join("\n");
}

/** Colour of a cell: from white to blue on the diagonal, to orange elsewhere. */
function shade(share: number, isRight: boolean): string {
  const [red, green, blue] = isRight ? [31, 90, 157] : [209, 101, 26];
  const mixed = [red, green, blue].map((full) => Math.round(255 + (full - 255) * share));
  return `rgb(${mixed.join(",")})`;
}

function shortened(label: string): string {
  const signs = Array.from(label);
  return signs.length > 24 ? `${signs.slice(0, 23).join("")}…` : label;
}

/** Text with a space for each character that SVG can't hold. */
const escaped = (text: string): string =>
  text
    .replaceAll(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, " ")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
