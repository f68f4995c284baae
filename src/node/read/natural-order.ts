let collator: Intl.Collator | undefined;

/** Compares names in natural order: "2.png" comes before "10.png". */
export const naturally = (a: string, b: string): number =>
  (collator ??= new Intl.Collator("en", { numeric: true })).compare(a, b);
