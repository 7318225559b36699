import type { Node } from "./ast.ts";
import type { Cursor } from "./cursor.ts";

/** The levels of the grammar that the others call back to. */
export interface Grammar {
  readonly cursor: Cursor;
  /** A whole filter: definitions, pipes, commas. */
  pipeline(): Node;
  /** One side of an operator that binds tighter than `,`. */
  alternative(): Node;
  /** A single operand with what follows it. */
  postfix(): Node;
}
