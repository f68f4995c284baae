/** Zip files, right ones and those that lie. */
import { crc32, deflateRawSync } from "node:zlib";

export type ZippedFile = {
  readonly name: string;
  readonly data: Uint8Array;
  readonly deflate?: boolean;
  /** Values in the list, in place of the right ones. */
  readonly listed?: {
    readonly crc?: number;
    readonly size?: number;
    readonly packed?: number;
    readonly at?: number;
    readonly method?: number;
    readonly flags?: number;
  };
  /** Name in the file's own header, in place of the right one. */
  readonly ownName?: string;
};

const u16 = (...values: number[]): Buffer => Buffer.from(new Uint8Array(Uint16Array.from(values).buffer));
const u32 = (...values: number[]): Buffer => Buffer.from(new Uint8Array(Uint32Array.from(values).buffer));

/** `count` is the number of entries that the end of the file gives; default: the right one. */
export function zipOf(files: readonly ZippedFile[], { count = files.length }: { readonly count?: number } = {}) {
  const parts: Buffer[] = [];
  const list: Buffer[] = [];
  let at = 0;
  for (const { name, data, deflate = false, listed = {}, ownName = name } of files) {
    const packed = deflate ? deflateRawSync(data) : Buffer.from(data);
    const method = listed.method ?? (deflate ? 8 : 0);
    const crc = listed.crc ?? crc32(data);
    const sizes = u32(crc, listed.packed ?? packed.length, listed.size ?? data.length);
    const own = Buffer.from(ownName);
    const header = Buffer.concat([u32(0x04034b50), u16(20, 0, method, 0, 0), sizes, u16(own.length, 0), own]);
    const label = Buffer.from(name);
    list.push(
      Buffer.concat([
        u32(0x02014b50),
        u16(20, 20, listed.flags ?? 0, method, 0, 0),
        sizes,
        u16(label.length, 0, 0, 0, 0),
        u32(0, listed.at ?? at),
        label,
      ]),
    );
    parts.push(header, packed);
    at += header.length + packed.length;
  }
  const size = list.reduce((sum, one) => sum + one.length, 0);
  const end = Buffer.concat([u32(0x06054b50), u16(0, 0, count, count), u32(size, at), u16(0)]);
  return new Uint8Array(Buffer.concat([...parts, ...list, end]));
}
