/** What a check says of an answer. */
export interface Verdict {
  /** `open`: there is no answer yet */
  state: "right" | "wrong" | "open";
  /** a sentence for the reader, which does not give the answer away */
  says: string;
}

/** Judges the answer to one task; it may throw, `judge` then says what happened. */
export type Judge = (answer: unknown) => Verdict;

export const right = (says: string): Verdict => ({ state: "right", says });
export const wrong = (says: string): Verdict => ({ state: "wrong", says });
