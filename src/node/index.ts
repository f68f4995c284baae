export { writeFileAtomic } from "./atomic-file.ts";
export { loadModel, MODEL_FILE, saveModel } from "./model-file.ts";
export { readCorpus, readCorpusBytes } from "./read-corpus.ts";
