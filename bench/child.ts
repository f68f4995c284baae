/** @file The runner's end of the protocol: a contestant's process, and questions to it one at a time. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Contestant } from "./contestants.ts";
import type { Answer, Greeting, Prepared, Question, Ran } from "./protocol.ts";

/** For the first answer, with all that is loaded and compiled for it, and for the slowest step. */
const TIMEOUT = 400_000;

/** Of a second, in which Linux counts processor time. */
const TICKS = 100;

type Waiting = { resolve(answer: Answer): void; reject(error: Error): void };

export class Child {
  readonly #process: ChildProcess;
  #waiting: Waiting | undefined;
  #ended: string | undefined;
  #lastWords = "";

  /** Throws where the contestant can't be started. */
  constructor({ command, environment }: Contestant) {
    if (typeof command === "string") throw new Error(command);
    // these two are for old builds of OpenBLAS and slow down current ones
    const { OPENBLAS_CORETYPE: _core, OPENBLAS_L2_SIZE: _size, ...rest } = process.env;
    const [program, ...args] = command;
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], env: { ...rest, ...environment } });
    this.#process = child;
    child.stderr.on("data", (text) => (this.#lastWords = `${this.#lastWords}${String(text)}`.slice(-2000)));
    // a line to a process that is gone: its end is reported by "close"
    child.stdin.on("error", () => undefined);
    child.on("error", (error) => this.#end(error.message));
    child.on("close", (code, signal) => this.#end(`ended with ${signal ?? code}: ${this.#reason()}`));
    createInterface({ input: child.stdout }).on("line", (line) => {
      // libraries greet their users
      if (line.startsWith("{")) this.#take()?.resolve(answerOf(line));
    });
  }

  greeting(): Promise<Greeting> {
    return this.#answer() as Promise<Greeting>;
  }

  ask(question: { prepare: unknown }): Promise<Prepared>;
  ask(question: { run: number }): Promise<Ran>;
  async ask(question: Question<unknown>): Promise<Answer> {
    const answer = this.#answer();
    this.#process.stdin?.write(`${JSON.stringify(question)}\n`);
    const given = await answer;
    if ("error" in given) throw new Error(given.error);
    return given;
  }

  /** Largest resident memory so far, in bytes, where the system tells. */
  peakMemory(): number | undefined {
    try {
      const status = readFileSync(`/proc/${this.#process.pid}/status`, "utf8");
      const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1];
      return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
    } catch {
      return undefined;
    }
  }

  /** Processor time so far, of all threads, in ticks of 10 ms; 0 where the system doesn't tell. */
  cpuSeconds(): number {
    try {
      // after the name, which may hold anything: the 14th and the 15th field of the line
      const fields = readFileSync(`/proc/${this.#process.pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
      return (Number(fields[11]) + Number(fields[12])) / TICKS;
    } catch {
      return 0;
    }
  }

  stop(): void {
    this.#process.kill("SIGKILL");
  }

  async #answer(): Promise<Answer> {
    if (this.#ended !== undefined) throw new Error(this.#ended);
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Answer>((resolve, reject) => {
        this.#waiting = { resolve, reject };
        timer = setTimeout(() => this.#end(`no answer after ${TIMEOUT / 1000} s`), TIMEOUT);
      });
    } finally {
      clearTimeout(timer);
    }
  }

  #take(): Waiting | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }

  #end(reason: string): void {
    this.#ended ??= reason;
    this.#take()?.reject(new Error(this.#ended));
    this.stop();
  }

  /** The line that names an error, or the last one. */
  #reason(): string {
    const lines = this.#lastWords.trim().split("\n");
    return lines.findLast((line) => /^\w*Error/.test(line)) ?? lines.at(-1) ?? "";
  }
}

function answerOf(line: string): Answer {
  try {
    return JSON.parse(line) as Answer;
  } catch {
    // what Python writes for a loss that is not a number
    return { error: `expected JSON, got ${line}` };
  }
}
