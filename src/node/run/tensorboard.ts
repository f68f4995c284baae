/**
 * @file Event files of TensorBoard: records framed as in TensorFlow's TFRecord files, each an
 * `Event` of event.proto. Only the few fields that a curve needs are written.
 */
import { checkOptions } from "../../base/index.ts";
import { closeSync, fsyncSync, mkdirSync, openSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { MetricsEvent } from "./metrics-log.ts";

export type EventWriterOptions = {
  /**
   * The last step before a run was resumed, if it was: what TensorBoard has seen of later steps is
   * dropped there. Default: a new run.
   */
  readonly resumeFrom?: number | undefined;
  /** Seconds since 1970. Default: the time. */
  readonly clock?: (() => number) | undefined;
};

export type EventWriter = {
  /** Path of the event file. */
  readonly file: string;
  /**
   * Writes the figures of an event of training as curves; events without any are left out. Throws
   * the file system's own errors.
   */
  append(event: MetricsEvent): void;
  /** Writes points of curves at a step. Values are kept as float32. */
  scalars(step: number, values: Readonly<Record<string, number>>): void;
  /** Returns when all is on the disk. */
  sync(): void;
  close(): void;
};

/** Names of the curves by kind of event and figure. */
const CURVES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  step: {
    loss: "loss/training",
    learningRate: "learning_rate",
    gradientNorm: "gradient_norm",
    tokensPerSecond: "tokens_per_second",
  },
  evaluation: { loss: "loss/validation" },
};

/** Event files of this process so far, since two may begin in one second. */
let eventFiles = 0;

/**
 * A new event file in a directory, which is made. TensorBoard joins the files of one directory, so
 * a resumed run writes another file and says so with `resumeFrom`. Throws the file system's
 * own errors.
 */
export function eventWriter(
  directory: string,
  { resumeFrom, clock = () => Date.now() / 1000 }: EventWriterOptions = {},
): EventWriter {
  checkOptions("eventWriter", arguments[1], "resumeFrom clock");
  mkdirSync(directory, { recursive: true });
  const seconds = String(Math.floor(clock())).padStart(10, "0");
  const file = join(directory, `events.out.tfevents.${seconds}.${hostname()}.${process.pid}.${eventFiles++}`);
  const fd = openSync(file, "ax");
  const write = (event: Uint8Array): void => {
    const bytes = record(event);
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
  };
  write(encodeEvent({ wallTime: clock(), fileVersion: "brain.Event:2" }));
  if (resumeFrom !== undefined) write(encodeEvent({ wallTime: clock(), step: resumeFrom + 1, isStart: true }));
  const scalars = (step: number, values: Readonly<Record<string, number>>): void =>
    write(encodeEvent({ wallTime: clock(), step, scalars: values }));
  return {
    file,
    scalars,
    append(event) {
      const { measures = {}, ...members } = event as MetricsEvent & { readonly [name: string]: unknown };
      const figures: (readonly [string, unknown])[] = [
        ...Object.entries(CURVES[event.kind] ?? {}).map(([name, tag]) => [tag, members[name]] as const),
        ...Object.entries(measures as Readonly<Record<string, unknown>>).map(
          ([name, value]) => [`${name}/validation`, value] as const,
        ),
      ];
      const values = figures.filter((figure): figure is [string, number] => typeof figure[1] === "number");
      if (values.length > 0) scalars(event.step, Object.fromEntries(values));
    },
    sync: () => fsyncSync(fd),
    close: () => closeSync(fd),
  };
}

type Event = {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step?: number;
  readonly fileVersion?: string;
  /** Values by their tags. */
  readonly scalars?: Readonly<Record<string, number>>;
  /** Everything from `step` on, in earlier files, is void. */
  readonly isStart?: boolean;
};

/**
 * An `Event` in the encoding of protocol buffers: fields by their numbers, in order; zeros are left
 * out where proto3 does.
 */
export function encodeEvent({ wallTime, step = 0, fileVersion, scalars, isStart = false }: Event): Uint8Array {
  return concat([
    ...(wallTime === 0 ? [] : [double(1, wallTime)]),
    ...(step === 0 ? [] : [varintField(2, step)]),
    ...(fileVersion === undefined ? [] : [text(3, fileVersion)]),
    // Summary.value: tag 1, simple_value 2
    ...(scalars === undefined
      ? []
      : [
          bytesField(
            5,
            concat(Object.entries(scalars).map(([tag, x]) => bytesField(1, concat([text(1, tag), float(2, x)])))),
          ),
        ]),
    // SessionLog.status is START
    ...(isStart ? [bytesField(7, varintField(1, 1))] : []),
  ]);
}

/** A record: length, its checksum, the bytes, their checksum, little-endian. */
export function record(bytes: Uint8Array): Uint8Array {
  const framed = new Uint8Array(bytes.length + 16);
  const view = new DataView(framed.buffer);
  view.setBigUint64(0, BigInt(bytes.length), true);
  view.setUint32(8, maskedCrc(framed.subarray(0, 8)), true);
  framed.set(bytes, 12);
  view.setUint32(12 + bytes.length, maskedCrc(bytes), true);
  return framed;
}

const VARINT = 0;
const BITS64 = 1;
const LENGTH = 2;
const BITS32 = 5;

/** A non-negative safe integer, 7 bits a byte, the lowest first. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Uint8Array.from([...bytes, rest]);
}

const key = (field: number, wireType: number): Uint8Array => varint(field * 8 + wireType);
const varintField = (field: number, value: number): Uint8Array => concat([key(field, VARINT), varint(value)]);
const bytesField = (field: number, bytes: Uint8Array): Uint8Array =>
  concat([key(field, LENGTH), varint(bytes.length), bytes]);
const text = (field: number, value: string): Uint8Array => bytesField(field, new TextEncoder().encode(value));

function double(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return concat([key(field, BITS64), bytes]);
}

function float(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return concat([key(field, BITS32), bytes]);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** CRC-32C (Castagnoli), reflected. */
const POLYNOMIAL = 0x82f63b78;
const table = Uint32Array.from({ length: 256 }, (_, i) => {
  let crc = i;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
  return crc;
});

/**
 * The checksum, rotated and shifted, so that it differs from one over bytes that hold checksums.
 */
function maskedCrc(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = table[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
