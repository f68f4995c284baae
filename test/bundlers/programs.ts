/** @file Runs the program outside of a browser. */
import type { CommandOptions, Output } from "./command.ts";
import type { Hello, Shown, Way } from "./row.ts";

/** The report in what was printed. */
export function helloIn(text: string): Hello | undefined {
  const [, json] = /HELLO (\{.*\})/.exec(text) ?? [];
  return json === undefined ? undefined : (JSON.parse(json) as Hello);
}

/** What a program's output shows. Each line of stderr is a warning, unless `isWarning` says otherwise. */
export function shownBy({ stdout, stderr }: Output, isWarning: (line: string) => boolean = () => true): Shown {
  const hello = helloIn(stdout);
  const warnings = stderr.split("\n").filter((line) => line.trim() !== "" && isWarning(line));
  if (hello === undefined) throw new Error(["the program has said nothing", ...warnings].join("\n"));
  return { hello, warnings: [...warnings, ...(hello.warnings ?? [])] };
}

type ProgramOptions = Omit<CommandOptions, "folder"> & {
  readonly isWarning?: (line: string) => boolean;
  /** Whether it has threads and workers. Default: true. */
  readonly threads?: boolean;
};

/** Runs a command that ends in the program, which is told what to run by an argument. */
function programWay(title: string, command: string, options: ProgramOptions): Way {
  const { isWarning, threads = true, ...rest } = options;
  return {
    what: title,
    threads,
    show: async (project) => shownBy(await project.run(command, rest), isWarning),
  };
}

/** A program that is not bundled. */
export function programWays(what: string, command: string, options: ProgramOptions = {}): Way[] {
  return [programWay(what, command, options), programWay(`${what}, trainInWorker`, `${command} worker`, options)];
}

/** What to do is named where a bundle lacks the file of the worker. */
const NAMES_BUNDLE = /outside of the bundle/;

/**
 * A program that is bundled by `build`: it runs where the package is not, since it carries all but the worker of `trainInWorker`, which it finds where the
 * package is installed.
 */
export function bundledWays(what: string, build: string, command: string, options: ProgramOptions = {}): Way[] {
  const after = (way: Way, isAlone: boolean): Way => ({
    ...way,
    async show(project) {
      await project.build(build);
      return isAlone ? project.without("node_modules/unrolled", () => way.show(project)) : way.show(project);
    },
  });
  const inWorker = (title: string): Way => programWay(`${what}, trainInWorker${title}`, `${command} worker`, options);
  const alone = after(programWay(what, command, options), true);
  if (options.threads === false) return [alone];
  return [
    alone,
    after(inWorker(""), false),
    { ...after(inWorker(" without the package"), true), refuses: NAMES_BUNDLE },
  ];
}
