/**
 * The public names and their signatures, compared with the text files beside this one, so that each
 * change of them is seen in a diff. `npx vitest run test/api -u`, after a build, renews the files.
 */
import { expect, test } from "vitest";
import { type Declarations, declarationsOfEntry, ENTRIES, type EntryName } from "../helpers/declarations.ts";

const fileOf = (entry: string): string => `./${entry.replace("/", "-")}.txt`;

const listOf = (declarations: Declarations): string =>
  [...declarations.values()]
    .map((texts) => texts.map((text) => text.replace(/^(?:export )?(?:declare )?/, "")).join("\n"))
    .join("\n\n");

function textOf(entry: EntryName): string {
  const { exported, mentioned } = declarationsOfEntry(entry);
  return [
    `Public names of "${entry}". To renew: npm run build && npx vitest run test/api -u`,
    listOf(exported),
    "Types that these mention and that no entry exports:",
    listOf(mentioned),
    "",
  ].join("\n\n");
}

test.each(Object.keys(ENTRIES) as EntryName[])("names and signatures of %s", async (entry) => {
  await expect(textOf(entry)).toMatchFileSnapshot(fileOf(entry));
});
