// Iterations that never end by themselves, in tests.

/** A signal that nobody aborts. */
export const never = (): AbortSignal => new AbortController().signal;

/** Takes `count` values of an endless iteration, then ends it. */
export async function take<T>(source: AsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  for await (const value of source) {
    taken.push(value);
    if (taken.length >= count) break;
  }
  return taken;
}
