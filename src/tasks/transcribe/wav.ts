/** @file Sound in WAV files (RIFF, Microsoft and IBM 1991), as bytes. */
import {
  checkOptions,
  checkChoice,
  checkInteger,
  FormatError,
  kindError,
  sentence,
  valueError,
} from "../../base/index.ts";

/** One channel of sound. */
export type Sound = {
  /** Samples per second. */
  readonly sampleRate: number;
  /** Samples, in [-1, 1] for integer formats; several channels are averaged. */
  readonly samples: Float32Array;
};

/** Bits of a sample: integers, or floating point. */
export type WavFormat = "pcm8" | "pcm16" | "pcm24" | "pcm32" | "float32" | "float64";

const [PCM, FLOAT, A_LAW, MU_LAW] = [1, 3, 6, 7];
const EXTENSIBLE = 0xfffe;

type Reader = (view: DataView, at: number, isLittle: boolean) => number;

/** Readers of a sample, as a number in [-1, 1). */
const readers: Readonly<Record<WavFormat | "alaw" | "mulaw", Reader>> = {
  pcm8: (view, at) => (view.getUint8(at) - 128) / 128,
  pcm16: (view, at, isLittle) => view.getInt16(at, isLittle) / 32768,
  pcm24: (view, at, isLittle) =>
    (view.getUint8(at + (isLittle ? 0 : 2)) +
      view.getUint8(at + 1) * 256 +
      view.getInt8(at + (isLittle ? 2 : 0)) * 65536) /
    8388608,
  pcm32: (view, at, isLittle) => view.getInt32(at, isLittle) / 2147483648,
  float32: (view, at, isLittle) => view.getFloat32(at, isLittle),
  float64: (view, at, isLittle) => view.getFloat64(at, isLittle),
  alaw: (view, at) => aLaw(view.getUint8(at)) / 32768,
  mulaw: (view, at) => muLaw(view.getUint8(at)) / 32768,
};

const bytesOf: Readonly<Record<WavFormat, number>> = { pcm8: 1, pcm16: 2, pcm24: 3, pcm32: 4, float32: 4, float64: 8 };

/** ITU-T G.711, A-law: the 13-bit number, times 8. */
function aLaw(byte: number): number {
  const code = byte ^ 0x55;
  const exponent = (code >> 4) & 7;
  const step = (code & 15) * 16 + 8;
  const size = exponent === 0 ? step : (step + 256) * 2 ** (exponent - 1);
  return code >= 128 ? size : -size;
}

/** ITU-T G.711, mu-law: the 14-bit number, times 4. */
function muLaw(byte: number): number {
  const code = ~byte & 0xff;
  const size = ((code & 15) * 8 + 132) * 2 ** ((code >> 4) & 7) - 132;
  return code >= 128 ? -size : size;
}

/** The cure for everything that is not read. */
const CONVERT = "Convert it, for example with: ffmpeg -i IN -c:a pcm_s16le OUT.wav";

/**
 * The sound in the bytes of a WAV file: integers of 8, 16, 24 and 32 bits, floating point of 32 and
 * 64, A-law and mu-law, any number of channels; RIFF, RF64 (of more than 4 GiB) and RIFX (most
 * significant byte first). Chunks other than the format and the samples are passed over.
 *
 * Of a file that was written to a pipe, whose size its writer could not know, everything to the end
 * is taken: a size of 0xffffffff (ffmpeg), 0x80000000 (arecord), 0x7ffff000 (SoX) and such, or 0
 * where what follows is no chunk. So is a size that counts the header too, which is at most 128
 * bytes more than there are.
 *
 * Throws FormatError, with what is wrong, for anything else: no WAV file, another encoding, a file
 * that is cut off or has no samples, samples that are not finite.
 */
export function decodeWav(bytes: Uint8Array, where = "decodeWav"): Sound {
  if (!(bytes instanceof Uint8Array)) throw kindError(where, "bytes (a Uint8Array)", bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tag = (at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4));
  const form = tag(0);
  if (bytes.length < 12 || !["RIFF", "RF64", "RIFX"].includes(form) || tag(8) !== "WAVE")
    throw new FormatError(sentence(where, "a WAV file (RIFF … WAVE)", `${bytes.length} bytes of something else`));
  const isLittle = form !== "RIFX";
  const sizeAt = (at: number): number => view.getUint32(at, isLittle);
  let layout: Layout | undefined;
  /** Size of the samples in an RF64 file, whose own chunk says 0xffffffff. */
  let long: number | undefined;
  for (let at = 12; at + 8 <= bytes.length;) {
    const name = tag(at);
    const start = at + 8;
    const rest = bytes.length - start;
    const written = sizeAt(at + 4);
    const size = name === "data" && written === 0xffffffff && long !== undefined ? long : written;
    const isOpen = name === "data" && (size === 0 ? !areChunks(bytes, start, sizeAt) : isUnknown(size, rest));
    if (size > rest && !isOpen)
      throw new FormatError(sentence(where, `${size} bytes in the chunk ${JSON.stringify(name)}`, `${rest}: cut off`));
    if (name === "ds64" && size >= 16) long = sizeAt(start + 8) + sizeAt(start + 12) * 2 ** 32;
    if (name === "fmt ") layout = readLayout(where, view, start, size, isLittle);
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

/** Bytes that a size may be too large: that of a header, which some writers count. */
const TOO_MANY = 128;

/** Whether the size of the samples was not known to who wrote them, or is that of the file. */
const isUnknown = (size: number, rest: number): boolean =>
  size > rest && (size >= UNKNOWN_FROM || (rest > 0 && size - rest <= TOO_MANY));

/** Whether everything from here to the end is chunks, each with a name, or nothing at all. */
function areChunks(bytes: Uint8Array, start: number, sizeAt: (at: number) => number): boolean {
  let at = start;
  while (at + 8 <= bytes.length) {
    if (bytes.subarray(at, at + 4).some((byte) => byte < 0x20 || byte > 0x7e)) return false;
    const size = sizeAt(at + 4);
    at += 8 + size + (size % 2);
  }
  return at === bytes.length || at === bytes.length + 1;
}

type Layout = {
  readonly read: Reader;
  /** Bytes of a sample. */
  readonly width: number;
  readonly channels: number;
  readonly sampleRate: number;
  readonly isLittle: boolean;
};

function readLayout(where: string, view: DataView, at: number, size: number, isLittle: boolean): Layout {
  if (size < 16) throw new FormatError(sentence(where, "16 bytes of format or more", String(size)));
  const written = view.getUint16(at, isLittle);
  // the first two bytes of the GUID
  const encoding = written === EXTENSIBLE && size >= 26 ? view.getUint16(at + 24, isLittle) : written;
  const channels = view.getUint16(at + 2, isLittle);
  const sampleRate = view.getUint32(at + 4, isLittle);
  const bits = view.getUint16(at + 14, isLittle);
  const format = formatOf(encoding, bits);
  if (format === undefined)
    throw new FormatError(
      sentence(
        where,
        "integers of 8 to 32 bits, floats of 32 or 64, A-law or mu-law",
        `encoding ${encoding} with ${bits} bits`,
        CONVERT,
      ),
    );
  if (channels === 0 || sampleRate === 0)
    throw new FormatError(
      sentence(where, "at least one channel and a sample rate", `${channels} at ${sampleRate} per second`),
    );
  const width = format === "alaw" || format === "mulaw" ? 1 : bytesOf[format];
  const frame = view.getUint16(at + 12, isLittle);
  if (frame !== channels * width)
    throw new FormatError(sentence(where, `${channels * width} bytes per sample frame`, String(frame)));
  return { read: readers[format], width, channels, sampleRate, isLittle };
}

/** Integers of 12 or 20 bits fill the upper part of their bytes. */
function formatOf(encoding: number, bits: number): keyof typeof readers | undefined {
  if (encoding === PCM && bits >= 1 && bits <= 32) return `pcm${(8 * Math.ceil(bits / 8)) as 8 | 16 | 24 | 32}`;
  if (encoding === FLOAT && (bits === 32 || bits === 64)) return `float${bits}`;
  if (encoding === A_LAW && bits === 8) return "alaw";
  return encoding === MU_LAW && bits === 8 ? "mulaw" : undefined;
}

function readSamples(
  where: string,
  view: DataView,
  start: number,
  size: number,
  { read, width, channels, sampleRate, isLittle }: Layout,
): Sound {
  const count = Math.floor(size / (width * channels));
  if (count === 0) throw new FormatError(sentence(where, "samples", "none"));
  const samples = new Float32Array(count);
  for (let i = 0, at = start; i < count; i++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++, at += width) sum += read(view, at, isLittle);
    samples[i] = sum / channels;
    if (!Number.isFinite(samples[i])) throw new FormatError(sentence(where, "finite samples", `${samples[i]} at ${i}`));
  }
  return { sampleRate, samples };
}

export type EncodeWavOptions = {
  readonly sampleRate: number;
  /** Default "pcm16". */
  readonly format?: WavFormat | undefined;
};

/**
 * The bytes of a WAV file with one channel. In integer formats samples are limited to [-1, 1] and
 * rounded. Throws RangeError for samples that are not finite, TypeError and RangeError for options.
 */
export function encodeWav(
  samples: Float32Array | Float64Array,
  { sampleRate, format = "pcm16" }: EncodeWavOptions,
): Uint8Array {
  checkOptions("encodeWav", arguments[1], "sampleRate format");
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
