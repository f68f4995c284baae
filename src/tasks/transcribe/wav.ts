/** @file Sound in WAV files (RIFF, Microsoft and IBM 1991), as bytes. */
import { checkChoice, checkInteger, FormatError, kindError, sentence, valueError } from "../../base/index.ts";

/** One channel of sound. */
export type Sound = {
  /** Samples per second. */
  readonly sampleRate: number;
  /** Samples, in [-1, 1] for integer formats; several channels are averaged. */
  readonly samples: Float32Array;
};

/** Bits of a sample: integers, or floating point. */
export type WavFormat = "pcm8" | "pcm16" | "pcm24" | "pcm32" | "float32" | "float64";

const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;

/** Readers of a sample, as a number in [-1, 1). */
const readers: Readonly<Record<WavFormat, (view: DataView, at: number) => number>> = {
  pcm8: (view, at) => (view.getUint8(at) - 128) / 128,
  pcm16: (view, at) => view.getInt16(at, true) / 32768,
  pcm24: (view, at) => (view.getUint16(at, true) + view.getInt8(at + 2) * 65536) / 8388608,
  pcm32: (view, at) => view.getInt32(at, true) / 2147483648,
  float32: (view, at) => view.getFloat32(at, true),
  float64: (view, at) => view.getFloat64(at, true),
};

const bytesOf: Readonly<Record<WavFormat, number>> = { pcm8: 1, pcm16: 2, pcm24: 3, pcm32: 4, float32: 4, float64: 8 };

/**
 * The sound in the bytes of a WAV file: integers of 8, 16, 24 and 32 bits, floating point of 32 and
 * 64, any number of channels. Chunks other than the format and the samples are passed over. Of a
 * file that was written to a pipe, whose size its writer could not know, everything to the end is
 * taken: a size of 0xffffffff (ffmpeg), 0x80000000 (arecord), 0x7ffff000 (SoX) and such, or 0 where
 * more comes than the file says in all.
 *
 * Throws FormatError, with what is wrong, for anything else: no WAV file, another encoding, a file
 * that is cut off or has no samples, samples that are not finite.
 */
export function decodeWav(bytes: Uint8Array, where = "decodeWav"): Sound {
  if (!(bytes instanceof Uint8Array)) throw kindError(where, "bytes (a Uint8Array)", bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tag = (at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4));
  if (bytes.length < 12 || tag(0) !== "RIFF" || tag(8) !== "WAVE")
    throw new FormatError(sentence(where, "a WAV file (RIFF … WAVE)", `${bytes.length} bytes of something else`));
  let layout: Layout | undefined;
  for (let at = 12; at + 8 <= bytes.length;) {
    const name = tag(at);
    const size = view.getUint32(at + 4, true);
    const start = at + 8;
    const rest = bytes.length - start;
    const isOpen = name === "data" && isUnknown(size, rest, view.getUint32(4, true) + 8 - bytes.length);
    if (size > rest && !isOpen)
      throw new FormatError(sentence(where, `${size} bytes in the chunk ${JSON.stringify(name)}`, `${rest}: cut off`));
    if (name === "fmt ") layout = readLayout(where, view, start, size);
    if (name === "data") {
      if (layout === undefined) throw new FormatError(sentence(where, `a chunk "fmt " before the samples`, "none"));
      return readSamples(where, view, start, isOpen ? rest : size, layout);
    }
    // chunks begin at even places
    at = start + size + (size % 2);
  }
  throw new FormatError(sentence(where, `a chunk "data" with the samples`, "none: cut off"));
}

/**
 * Sizes from here on that are more than the file has stand for "unknown": a recording of 2 GiB is
 * one of these, or none.
 */
const UNKNOWN_FROM = 0x7ff00000;

/**
 * Whether the size of the samples was not known to who wrote them. `more` is what the file says to
 * have beyond its end.
 */
const isUnknown = (size: number, rest: number, more: number): boolean =>
  size === 0 ? rest > 0 && more !== 0 && more !== -1 : size > rest && size >= UNKNOWN_FROM;

type Layout = { readonly format: WavFormat; readonly channels: number; readonly sampleRate: number };

function readLayout(where: string, view: DataView, at: number, size: number): Layout {
  if (size < 16) throw new FormatError(sentence(where, "16 bytes of format or more", String(size)));
  const written = view.getUint16(at, true);
  // the first two bytes of the GUID
  const encoding = written === EXTENSIBLE && size >= 26 ? view.getUint16(at + 24, true) : written;
  const channels = view.getUint16(at + 2, true);
  const sampleRate = view.getUint32(at + 4, true);
  const bits = view.getUint16(at + 14, true);
  const name = `${encoding === PCM ? "pcm" : encoding === FLOAT ? "float" : `encoding ${encoding} with `}${bits}`;
  if (!Object.hasOwn(readers, name))
    throw new FormatError(sentence(where, "integers of 8, 16, 24 or 32 bits or floats of 32 or 64", `${name} bits`));
  if (channels === 0 || sampleRate === 0)
    throw new FormatError(
      sentence(where, "at least one channel and a sample rate", `${channels} at ${sampleRate} per second`),
    );
  const format = name as WavFormat;
  const frame = view.getUint16(at + 12, true);
  if (frame !== channels * bytesOf[format])
    throw new FormatError(sentence(where, `${channels * bytesOf[format]} bytes per sample frame`, String(frame)));
  return { format, channels, sampleRate };
}

function readSamples(
  where: string,
  view: DataView,
  start: number,
  size: number,
  { format, channels, sampleRate }: Layout,
): Sound {
  const read = readers[format];
  const width = bytesOf[format];
  const count = Math.floor(size / (width * channels));
  if (count === 0) throw new FormatError(sentence(where, "samples", "none"));
  const samples = new Float32Array(count);
  for (let i = 0, at = start; i < count; i++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++, at += width) sum += read(view, at);
    samples[i] = sum / channels;
    if (!Number.isFinite(samples[i])) throw new FormatError(sentence(where, "finite samples", `${samples[i]} at ${i}`));
  }
  return { sampleRate, samples };
}

export type EncodeWavOptions = {
  readonly sampleRate: number;
  /** Default "pcm16". */
  readonly format?: WavFormat;
};

/**
 * The bytes of a WAV file with one channel. In integer formats samples are limited to [-1, 1] and
 * rounded. Throws RangeError for samples that are not finite, TypeError and RangeError for options.
 */
export function encodeWav(
  samples: Float32Array | Float64Array,
  { sampleRate, format = "pcm16" }: EncodeWavOptions,
): Uint8Array {
  checkInteger("encodeWav sampleRate", sampleRate, 1, 0xffffffff);
  checkChoice("encodeWav format", format, Object.keys(bytesOf) as WavFormat[]);
  for (let i = 0; i < samples.length; i++)
    if (!Number.isFinite(samples[i])) throw valueError(`encodeWav samples[${i}]`, "a finite number", samples[i]);
  const width = bytesOf[format];
  const size = samples.length * width;
  const bytes = new Uint8Array(44 + size + (size % 2));
  const view = new DataView(bytes.buffer);
  const text = (at: number, letters: string): void => {
    for (let i = 0; i < letters.length; i++) bytes[at + i] = letters.charCodeAt(i);
  };
  text(0, "RIFF");
  view.setUint32(4, bytes.length - 8, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, format.startsWith("float") ? FLOAT : PCM, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * width, true);
  view.setUint16(32, width, true);
  view.setUint16(34, 8 * width, true);
  text(36, "data");
  view.setUint32(40, size, true);
  for (let i = 0, at = 44; i < samples.length; i++, at += width) writeSample(view, at, samples[i], format);
  return bytes;
}

function writeSample(view: DataView, at: number, x: number, format: WavFormat): void {
  const scaled = (full: number): number => Math.max(-full, Math.min(full - 1, Math.round(x * full)));
  switch (format) {
    case "pcm8":
      view.setUint8(at, scaled(128) + 128);
      break;
    case "pcm16":
      view.setInt16(at, scaled(32768), true);
      break;
    case "pcm24": {
      const value = scaled(8388608);
      view.setUint16(at, value & 0xffff, true);
      view.setInt8(at + 2, value >> 16);
      break;
    }
    case "pcm32":
      view.setInt32(at, scaled(2147483648), true);
      break;
    case "float32":
      view.setFloat32(at, x, true);
      break;
    case "float64":
      view.setFloat64(at, x, true);
      break;
    default:
      format satisfies never;
  }
}
