export interface CopyOptions {
  readonly now: Date;
  /** Settings that the copy has besides, by their keys. */
  readonly settings: Readonly<Record<string, string>>;
  /** Called now and then, with the rows that are over and all of them. */
  readonly progress: (copied: number, all: number) => void;
}

/** Rows of each table. */
export type Copied = Readonly<Record<string, number>>;
