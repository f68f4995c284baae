/** @file Checksums of zip files (CRC-32) and of TensorFlow (CRC-32C), eight bytes at a time. */

const ZIP = makeTables(0xedb88320);
const CASTAGNOLI = makeTables(0x82f63b78);

/** Eight tables of 256 entries: what a byte contributes that stands 0 to 7 bytes before the end. */
function makeTables(polynomial: number): Uint32Array {
  const made = new Uint32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    made[byte] = crc;
  }
  for (let i = 256; i < made.length; i++) made[i] = (made[i - 256] >>> 8) ^ made[made[i - 256] & 255];
  return made;
}

function checksum(t: Uint32Array, bytes: Uint8Array, before: number): number {
  const n = bytes.length;
  let crc = ~before;
  let i = 0;
  for (; i + 8 <= n; i += 8) {
    crc ^= bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    crc =
      t[1792 + (crc & 255)] ^
      t[1536 + ((crc >>> 8) & 255)] ^
      t[1280 + ((crc >>> 16) & 255)] ^
      t[1024 + (crc >>> 24)] ^
      t[768 + bytes[i + 4]] ^
      t[512 + bytes[i + 5]] ^
      t[256 + bytes[i + 6]] ^
      t[bytes[i + 7]];
  }
  for (; i < n; i++) crc = (crc >>> 8) ^ t[(crc ^ bytes[i]) & 255];
  return ~crc >>> 0;
}

/** The CRC-32 of bytes, or of bytes that follow others with the CRC-32 `before`. */
export const crc32 = (bytes: Uint8Array, before = 0): number => checksum(ZIP, bytes, before);

/** The CRC-32C of bytes, or of bytes that follow others with the CRC-32C `before`. */
export const crc32c = (bytes: Uint8Array, before = 0): number => checksum(CASTAGNOLI, bytes, before);

/** A CRC-32C as TensorFlow writes it, so that checksums of checksums stay good. */
export const masked = (crc: number): number => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
