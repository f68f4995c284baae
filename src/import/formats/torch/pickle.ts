/**
 * @file The pickles in torch files, read as data: a machine that knows the opcodes of protocols 2
 * to 5 that hold values, and no others. A name is let through only where `globals.ts` has it.
 */
import { sentence, UnsupportedError } from "../../../base/index.ts";
import { ByteCursor } from "../../byte-cursor.ts";
import { build, globalOf, madeBy, setItem, storageOf } from "./globals.ts";
import { Dictionary, type Pickled, Sequence } from "./values.ts";

/** Most lists, tuples and dictionaries; values in all; and values that are kept for later. */
const MAX_CONTAINERS = 200_000;
const MAX_VALUES = 5_000_000;
const MAX_MEMO = 500_000;
/** Longest text, in bytes, and longest integer. */
const MAX_TEXT = 2 ** 24;
const MAX_INTEGER = 64;
const NEWEST_PROTOCOL = 5;

const MARK = 0x28;
const STOP = 0x2e;

/** Reads a pickle. Throws FormatError, and UnsupportedError for what is known and not read. */
export function readPickle(where: string, bytes: Uint8Array): Pickled {
  return new Machine(new ByteCursor(where, bytes)).run();
}

class Machine {
  readonly #cursor: ByteCursor;
  readonly #stack: Pickled[] = [];
  /** Heights of the stack at marks. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, Pickled>();
  #containers = 0;
  #values = 0;

  constructor(cursor: ByteCursor) {
    this.#cursor = cursor;
  }

  run(): Pickled {
    for (;;) {
      const opcode = this.#cursor.uint8();
      if (opcode === STOP) break;
      if (opcode === MARK) this.#marks.push(this.#stack.length);
      else this.#step(opcode);
      if (++this.#values > MAX_VALUES) throw this.#error(`at most ${MAX_VALUES} values`, "more");
    }
    const value = this.#pop();
    if (this.#stack.length > 0 || this.#marks.length > 0) throw this.#error("one value", "several");
    return value;
  }

  #step(opcode: number): void {
    const cursor = this.#cursor;
    switch (opcode) {
      case 0x80: {
        const protocol = cursor.uint8();
        if (protocol > NEWEST_PROTOCOL)
          throw new UnsupportedError(sentence(cursor.where, `pickle up to ${NEWEST_PROTOCOL}`, String(protocol)));
        return;
      }
      case 0x95: // FRAME: a hint for streams
        cursor.take(8);
        return;
      case 0x4e:
        return this.#push(null);
      case 0x88:
        return this.#push(true);
      case 0x89:
        return this.#push(false);
      case 0x4a:
        return this.#push(cursor.int32());
      case 0x4b:
        return this.#push(cursor.uint8());
      case 0x4d:
        return this.#push(cursor.uint16());
      case 0x8a:
        return this.#push(this.#integer(cursor.uint8()));
      case 0x8b:
        return this.#push(this.#integer(cursor.uint32()));
      case 0x47:
        return this.#push(bigEndianDouble(cursor.take(8)));
      case 0x8c:
        return this.#push(this.#text(cursor.uint8()));
      case 0x58:
        return this.#push(this.#text(cursor.uint32()));
      case 0x8d:
        return this.#push(this.#text(cursor.uint64()));
      case 0x43:
        return this.#push(cursor.take(cursor.uint8()));
      case 0x42:
        return this.#push(cursor.take(cursor.uint32()));
      case 0x8e:
      case 0x96:
        return this.#push(cursor.take(cursor.uint64()));
      default:
        return this.#container(opcode);
    }
  }

  #container(opcode: number): void {
    switch (opcode) {
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
      case 0x8f: // EMPTY_SET
        return this.#push(this.#counted(new Sequence([])));
      case 0x7d: // EMPTY_DICT
        return this.#push(this.#counted(new Dictionary()));
      case 0x6c: // LIST
      case 0x74: // TUPLE
      case 0x91: // FROZENSET
        return this.#push(this.#counted(new Sequence(this.#popMarked())));
      case 0x64: {
        const items = this.#popMarked();
        const made = this.#counted(new Dictionary());
        this.#setItems(made, items);
        return this.#push(made);
      }
      case 0x85:
      case 0x86:
      case 0x87: // TUPLE1 to TUPLE3
        return this.#push(this.#counted(new Sequence(this.#popMany(opcode - 0x84))));
      case 0x61: // APPEND
        return this.#append(this.#popMany(1));
      case 0x65: // APPENDS
      case 0x90: // ADDITEMS
        return this.#append(this.#popMarked());
      case 0x73: // SETITEM
        return this.#setItems(undefined, this.#popMany(2));
      case 0x75: // SETITEMS
        return this.#setItems(undefined, this.#popMarked());
      default:
        return this.#object(opcode);
    }
  }

  #object(opcode: number): void {
    const cursor = this.#cursor;
    switch (opcode) {
      case 0x63: // GLOBAL
        return this.#push(globalOf(cursor, `${this.#line()}.${this.#line()}`));
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = this.#popMany(2);
        if (typeof module !== "string" || typeof name !== "string") throw this.#error("a name", "another value");
        return this.#push(globalOf(cursor, `${module}.${name}`));
      }
      case 0x52: // REDUCE
      case 0x81: {
        // NEWOBJ
        const [callee, inputs] = this.#popMany(2);
        return this.#push(this.#counted(madeBy(cursor, callee, inputs)));
      }
      case 0x62: {
        // BUILD
        const state = this.#pop();
        return build(cursor, this.#top(), state);
      }
      case 0x51: // BINPERSID
        return this.#push(this.#counted(storageOf(cursor, this.#pop())));
      default:
        return this.#stackOrMemo(opcode);
    }
  }

  #stackOrMemo(opcode: number): void {
    const cursor = this.#cursor;
    switch (opcode) {
      case 0x71: // BINPUT
        return this.#put(cursor.uint8());
      case 0x72: // LONG_BINPUT
        return this.#put(cursor.uint32());
      case 0x94: // MEMOIZE
        return this.#put(this.#memo.size);
      case 0x68: // BINGET
        return this.#get(cursor.uint8());
      case 0x6a: // LONG_BINGET
        return this.#get(cursor.uint32());
      case 0x30: // POP
        this.#pop();
        return;
      case 0x31: // POP_MARK
        this.#popMarked();
        return;
      default:
        throw this.#error(
          "an opcode for data",
          `0x${opcode.toString(16)}`,
          "Save it again: torch.save(model.state_dict(), path)",
        );
    }
  }

  #push(value: Pickled): void {
    this.#stack.push(value);
  }

  #pop(): Pickled {
    const floor = this.#marks.at(-1) ?? 0;
    if (this.#stack.length <= floor) throw this.#error("a value", "none");
    return this.#stack.pop() as Pickled;
  }

  #popMany(count: number): Pickled[] {
    return Array.from({ length: count }, () => this.#pop()).toReversed();
  }

  #popMarked(): Pickled[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.#error("a mark", "none");
    return this.#stack.splice(mark);
  }

  #top(): Pickled {
    const value = this.#pop();
    this.#push(value);
    return value;
  }

  #append(items: readonly Pickled[]): void {
    const list = this.#top();
    if (!(list instanceof Sequence)) throw this.#error("a list", "another value");
    for (const item of items) list.items.push(item);
  }

  #setItems(into: Dictionary | undefined, items: readonly Pickled[]): void {
    const target = into ?? this.#top();
    if (!(target instanceof Dictionary) || items.length % 2 === 1)
      throw this.#error("a dictionary and pairs", "another value");
    for (let i = 0; i < items.length; i += 2) setItem(this.#cursor, target, items[i], items[i + 1]);
  }

  #put(key: number): void {
    this.#memo.set(key, this.#top());
    if (this.#memo.size > MAX_MEMO) throw this.#error(`at most ${MAX_MEMO} values that are kept`, "more");
  }

  #get(key: number): void {
    const value = this.#memo.get(key);
    if (value === undefined) throw this.#error("a value that was kept", `number ${key}, which was not`);
    this.#push(value);
  }

  #counted<V extends Pickled>(value: V): V {
    if (++this.#containers > MAX_CONTAINERS) throw this.#error(`at most ${MAX_CONTAINERS} lists and objects`, "more");
    return value;
  }

  #text(size: number): string {
    if (size > MAX_TEXT) throw this.#error(`text of at most ${MAX_TEXT} bytes`, String(size));
    return this.#cursor.text(size);
  }

  /** A number in two's complement, the lowest byte first. */
  #integer(size: number): number {
    if (size > MAX_INTEGER) throw this.#error(`integers of at most ${MAX_INTEGER} bytes`, String(size));
    const bytes = this.#cursor.take(size);
    let value = 0n;
    for (let i = size - 1; i >= 0; i--) value = value * 256n + BigInt(bytes[i]);
    return Number(size > 0 && bytes[size - 1] > 127 ? value - (1n << BigInt(8 * size)) : value);
  }

  #line(): string {
    const { bytes, at } = this.#cursor;
    const end = bytes.indexOf(10, at);
    if (end < 0 || end - at > 1000) throw this.#error("a name on a line", "none");
    const text = this.#cursor.text(end - at, "a name");
    this.#cursor.take(1);
    return text;
  }

  #error(expected: string, got: string, hint?: string): Error {
    return this.#cursor.error(`${expected} before offset ${this.#cursor.at}`, got, hint);
  }
}

const bigEndianDouble = (bytes: Uint8Array): number => new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0);
