/**
 * Commander's message for a wrong command line, as one line in the words of all other errors.
 * `unknown` may know more to say of an option that is unknown.
 */
export function commanderMessage(text: string, unknown?: (flag: string) => string | undefined): string {
  const message = text
    .replace(/^error: /, "")
    .trimEnd()
    .replaceAll("\n", " ");
  const flag = /^unknown option '([^'=]*)/.exec(message)?.[1];
  const known = flag === undefined ? undefined : unknown?.(flag);
  if (known !== undefined) return known;
  for (const [pattern, words] of WORDS) if (pattern.test(message)) return message.replace(pattern, words);
  return message;
}

const WORDS: readonly (readonly [RegExp, string])[] = [
  [/^option '(?:-\w, )?(--[\w-]+)[^']*' argument '(.*)' is invalid\. Expected (.*)\.$/s, '$1: expected $3, got "$2"'],
  [
    /^option '(?:-\w, )?(--[\w-]+)[^']*' argument '(.*)' is invalid\. Allowed choices are (.*)\.$/s,
    '$1: expected one of $3, got "$2"',
  ],
  [
    /^command-argument value '(.*)' is invalid for argument '(.*)'\. Allowed choices are (.*)\.$/s,
    '<$2>: expected one of $3, got "$1"',
  ],
  [/^option '(?:-\w, )?(--[\w-]+) <(.*)>' argument missing$/, "$1: expected <$2>, got nothing"],
  [/^missing required argument '(.*)'$/, "expected <$1>, got nothing"],
  [/^unknown option '([^']*)'(.*)$/, "expected an option of this command, got $1$2"],
  [/^unknown command '([^']*)'(.*)$/, "expected a command, got $1$2"],
  [/^too many arguments(?: for '.*')?\. Expected (\d+) arguments? but got (\d+)\.$/, "arguments: expected $1, got $2"],
];
