/** @file The recipes that are raced. A contestant gets one of these and the file with its numbers. */

export type RecipeName = "image" | "transcribe" | "tag" | "translate" | "forecast" | "classify";

/** One model of `examples/recipes` at its full size. */
export type Recipe = {
  readonly recipe: RecipeName;
  /** In the table. */
  readonly name: string;
  /** Sequences of a batch. */
  readonly batch: number;
  readonly learningRate: number;
  readonly clipNorm: number;
};

/** With the file of first parameters and the batch. */
export type RecipeCase = Recipe & { readonly file: string };

/** T: time steps. B: rows. A layer's units are those of each direction. */
export const RECIPES: readonly Recipe[] = [
  { recipe: "image", name: "image: 2 BiLSTM H96, T28 B50", batch: 50, learningRate: 3e-3, clipNorm: 5 },
  { recipe: "transcribe", name: "transcribe: BiLSTM H96, CTC, T≤74 B16", batch: 16, learningRate: 5e-3, clipNorm: 1 },
  { recipe: "tag", name: "tag: characters, BiLSTM H100, CRF, T≤26 B32", batch: 32, learningRate: 3e-3, clipNorm: 5 },
  { recipe: "translate", name: "translate: attention, LSTM H128, B64", batch: 64, learningRate: 5e-3, clipNorm: 5 },
  { recipe: "forecast", name: "forecast: LSTM H48, Student's t, T112 B16", batch: 16, learningRate: 4e-3, clipNorm: 5 },
  {
    recipe: "classify",
    name: "classify: BiLSTM H32, attention, T≤200 B32",
    batch: 32,
    learningRate: 2e-3,
    clipNorm: 5,
  },
];
