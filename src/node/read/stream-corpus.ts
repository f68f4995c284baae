/** @file Texts that are larger than memory: their tokens stay on the disk. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkOptions, DataError, sentence } from "../../base/index.ts";
import {
  buildVocabulary,
  type Normalization,
  type Unit,
  type Vocabulary,
  vocabularyFromJSON,
} from "../../data/index.ts";
import { DEFAULT_WORDS } from "../../tasks/language-model/index.ts";
import { writeFileDurablySync } from "../files/durable-file.ts";
import { textPieces } from "./file-pieces.ts";
import { type FileTokens, fileTokens } from "./file-tokens.ts";
import { normalizedPieces } from "./normalized-pieces.ts";
import { textFiles } from "./read-corpus.ts";
import { describeData } from "../run/run-data.ts";

export type StreamCorpusOptions = {
  /**
   * Folder for the tokens of "char" and "word", 2 bytes each, or 4 with more than 65,536
   * different ones; made if needed.
   */
  readonly folder: string;
  /** Unit of a token. Default "char". */
  readonly unit?: Unit | undefined;
  /** Instead of one that is built from the text; its unit is the one that counts. */
  readonly vocabulary?: Vocabulary | undefined;
  /** Most frequent words to keep with unit "word". Default 10,000. */
  readonly maxVocabulary?: number | undefined;
  /** Encoding of the text. Default: told by the bytes, as in `readCorpus`. */
  readonly encoding?: string | undefined;
  /** Unicode form of the text, without a vocabulary. Default "nfc", as that of `languageModel`. */
  readonly normalize?: Normalization | undefined;
};

export type StreamedCorpus = {
  readonly vocabulary: Vocabulary;
  /** Tokens for `train` and `evaluate`. */
  readonly tokens: FileTokens;
};

/** Part of the names of token files, so that those of another layout are not taken for them. */
const LAYOUT = 2;

/**
 * The vocabulary and the tokens that `readCorpus` and `languageModel` would give, with a few MiB of
 * memory whatever the length of the text. Bytes are read from the text files themselves. For
 * characters and words the text is read three times: to know it again, for its vocabulary, and to
 * write its tokens to a file, which is named after both and serves again when they are the same.
 * `describeData(paths)` is what it is known by.
 *
 * Throws DataError as `readCorpus` and `buildVocabulary`, and the file system's own errors.
 */
export function streamCorpus(
  paths: readonly string[],
  {
    folder,
    unit = "char",
    vocabulary,
    maxVocabulary = DEFAULT_WORDS,
    normalize = "nfc",
    encoding,
  }: StreamCorpusOptions,
): StreamedCorpus {
  checkOptions("streamCorpus", arguments[1], "folder unit vocabulary maxVocabulary encoding normalize");
  const files = paths.flatMap(textFiles);
  if ((vocabulary?.unit ?? unit) === "byte") {
    const tokens = fileTokens(files, 1);
    if (tokens.length === 0) throw new DataError(sentence("streamCorpus", "at least one token", "none"));
    return { vocabulary: vocabulary ?? vocabularyFromJSON({ unit: "byte" }), tokens };
  }
  const known =
    vocabulary ??
    buildVocabulary(normalizedPieces(textPieces(files, { encoding }), normalize), {
      unit,
      normalize,
      ...(unit === "word" && { maxSize: maxVocabulary }),
    });
  const width = known.size <= 65_536 ? 2 : 4;
  const file = join(folder, `${keyOf(paths, known, encoding)}.${8 * width}`);
  if (!existsSync(file))
    writeFileDurablySync(
      file,
      encoded(normalizedPieces(textPieces(files, { encoding }), known.normalize), known, width),
    );
  return { vocabulary: known, tokens: fileTokens([file], width) };
}

/** Name that depends on contents, their encoding and the vocabulary only. */
function keyOf(paths: readonly string[], vocabulary: Vocabulary, encoding = ""): string {
  const files = describeData(paths).map(({ bytes, sha256 }) => [bytes, sha256]);
  const key = createHash("sha256").update(JSON.stringify([LAYOUT, files, encoding, vocabulary.toJSON()]));
  return key.digest("hex").slice(0, 32);
}

/** The token file in pieces. */
function* encoded(pieces: Iterable<string>, vocabulary: Vocabulary, width: 2 | 4): Generator<Uint8Array> {
  const bytesOf = (ids: Int32Array): Uint8Array =>
    new Uint8Array(width === 2 ? Uint16Array.from(ids).buffer : ids.slice().buffer);
  const stream = vocabulary.encodeStream();
  for (const piece of pieces) yield bytesOf(stream.push(piece));
  yield bytesOf(stream.end());
}
