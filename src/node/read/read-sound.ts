/** @file Sound in files: WAV, FLAC and MP3, told by their first bytes. */
import { FormatError, sentence } from "../../base/index.ts";
import { decodeWav, type Sound } from "../../tasks/index.ts";
import { checkUnpacked } from "./limits.ts";

/** Endings of the files that are read, in small letters, in the order in which they are tried. */
export const SOUND_EXTENSIONS: readonly string[] = [".wav", ".flac", ".mp3"];

/** Beginnings of other files, at a place, with their names. */
const OTHERS: readonly (readonly [at: number, text: string, name: string])[] = [
  [0, "OggS", "Ogg (Vorbis, Opus)"],
  [0, "FORM", "AIFF"],
  [0, ".snd", "AU"],
  [0, "caff", "CAF"],
  [4, "ftyp", "MP4 (M4A, AAC)"],
  [0, "\x1aE\xdf\xa3", "WebM or Matroska"],
  [0, "#!AMR", "AMR"],
  [0, "NIST_1A", "NIST Sphere"],
  [0, "wvpk", "WavPack"],
];

/**
 * The sound in the bytes of a WAV file (see `decodeWav`), a FLAC file, or an MP3 file; channels are
 * averaged. `where` is what errors begin with, such as the path. Rejects with FormatError for
 * anything else, named where it is known, and for damage: a file that is cut off, one without
 * samples, samples that are not finite; with DataError for more samples than such a file may hold,
 * 1 GiB, and beyond 32 MiB 200 times the file.
 */
export async function decodeSound(where: string, bytes: Uint8Array): Promise<Sound> {
  const own = withoutTag(bytes);
  if (hasText(own, 0, "fLaC")) return decodeFlac(where, own);
  if (own !== bytes || isMp3(own)) return decodeMp3(where, own);
  const other = OTHERS.find(([at, text]) => hasText(bytes, at, text));
  if (other === undefined) return decodeWav(bytes, where);
  const hint = "Convert it, for example with: ffmpeg -i IN OUT.wav";
  throw new FormatError(sentence(where, "a WAV, FLAC or MP3 file", other[2], hint));
}

const hasText = (bytes: Uint8Array, at: number, text: string): boolean =>
  Buffer.from(bytes.buffer, bytes.byteOffset + at, Math.max(0, Math.min(text.length, bytes.length - at))).toString(
    "latin1",
  ) === text;

/** The file after its ID3 tag, if it has one. */
function withoutTag(bytes: Uint8Array): Uint8Array {
  if (bytes.length < 10 || !hasText(bytes, 0, "ID3")) return bytes;
  const size = bytes.subarray(6, 10).reduce((sum, byte) => sum * 128 + (byte & 0x7f), 0);
  return bytes.subarray(Math.min(bytes.length, 10 + size + ((bytes[5] & 0x10) === 0 ? 0 : 10)));
}

/** A frame's beginning: eleven ones, a version, layer III, a bit rate and a sample rate. */
const isMp3 = ([first, second, third]: Uint8Array): boolean =>
  first === 0xff &&
  (second & 0xe6) === 0xe2 &&
  (second & 0x18) !== 0x08 &&
  (third & 0xf0) !== 0xf0 &&
  (third & 0x0c) !== 0x0c;

/** Answer of both decoders to some bytes. */
type Decoded = {
  readonly channelData: readonly Float32Array[];
  readonly samplesDecoded: number;
  readonly sampleRate: number;
  readonly errors: readonly { readonly message: string }[];
  /** Bits of an integer, of which the largest is 1 here; else a sample is as it should be. */
  readonly bitDepth?: number;
};

/** Bytes that are decoded at once: few of them can become megabytes. */
const PIECE = 4096;

/** A decoder's answers in one channel, as far as a file of that size may go. */
class Collected {
  readonly #where: string;
  readonly #size: number;
  readonly #parts: Float32Array[] = [];
  #length = 0;
  sampleRate = 0;

  constructor(where: string, size: number) {
    this.#where = where;
    this.#size = size;
  }

  add({ channelData, samplesDecoded, sampleRate, errors, bitDepth }: Decoded): void {
    if (errors.length > 0) throw damaged(this.#where, errors[0].message);
    if (samplesDecoded === 0) return;
    this.#length += samplesDecoded;
    checkUnpacked(this.#where, "a recording", this.#size, 4 * this.#length);
    if (this.sampleRate !== 0 && sampleRate !== this.sampleRate)
      throw damaged(this.#where, `${this.sampleRate}, then ${sampleRate} samples per second`);
    this.sampleRate = sampleRate;
    const mean = new Float32Array(samplesDecoded);
    const full = bitDepth === undefined ? 1 : 2 ** (bitDepth - 1);
    // the integers themselves, so that a sample is that of the WAV file
    const integer = (x: number): number => (bitDepth === undefined ? x : Math.round(x * (full - 1)));
    for (let i = 0; i < samplesDecoded; i++) {
      let sum = 0;
      for (const channel of channelData) sum += integer(channel[i]);
      mean[i] = sum / full / channelData.length;
    }
    this.#parts.push(mean);
  }

  /** Throws FormatError without samples. */
  sound(): Sound {
    if (this.#length === 0) throw new FormatError(sentence(this.#where, "samples", "none"));
    const samples = new Float32Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      samples.set(part, at);
      at += part.length;
    }
    return { sampleRate: this.sampleRate, samples };
  }
}

const damaged = (where: string, got: string): FormatError =>
  new FormatError(sentence(where, "a recording that is whole", got));

/** Runs `f`, which does all its work at once, without what it prints: it answers errors as well. */
function quietly<R>(f: () => R): R {
  const print = console.error;
  console.error = () => {};
  try {
    return f();
  } finally {
    console.error = print;
  }
}

async function decodeFlac(where: string, bytes: Uint8Array): Promise<Sound> {
  // the first block has the rate, the channels and the number of samples; 0: not known
  if (bytes.length < 42) throw damaged(where, `${bytes.length} bytes: cut off`);
  const total = (bytes[21] & 15) * 2 ** 32 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(22);
  checkUnpacked(where, "a recording", bytes.length, 4 * total);
  const { FLACDecoder } = await import("@wasm-audio-decoders/flac");
  const decoder = new FLACDecoder();
  await decoder.ready;
  const found = new Collected(where, bytes.length);
  try {
    for (let at = 0; at < bytes.length; at += PIECE)
      found.add(await quietly(() => decoder.decode(bytes.subarray(at, at + PIECE))));
    found.add(await quietly(() => decoder.flush()));
  } finally {
    decoder.free();
  }
  const sound = found.sound();
  // what does not fit its checksum is passed over
  if (total > 0 && sound.samples.length !== total)
    throw damaged(where, `${sound.samples.length} of ${total} samples: damaged or cut off`);
  return sound;
}

async function decodeMp3(where: string, bytes: Uint8Array): Promise<Sound> {
  const { MPEGDecoder } = await import("mpg123-decoder");
  const decoder = new MPEGDecoder();
  await decoder.ready;
  const found = new Collected(where, bytes.length);
  try {
    for (let at = 0; at < bytes.length; at += PIECE)
      found.add(quietly(() => decoder.decode(bytes.subarray(at, at + PIECE))));
  } finally {
    decoder.free();
  }
  return found.sound();
}
