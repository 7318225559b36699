/** A failure inside a function of a language, before the evaluator knows where it stood. Never leaves this package. */
export class Fault extends Error {
  override readonly name = "Fault";
}

export function fault(reason: string): never {
  throw new Fault(reason);
}
