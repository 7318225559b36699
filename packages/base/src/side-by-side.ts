export type Loop = (signal: AbortSignal) => Promise<void>;

/**
 * Runs loops side by side until `signal` aborts. Where one throws, the others are stopped, since none of them is worth
 * anything without it; its error is thrown once all have ended.
 */
export async function sideBySide(signal: AbortSignal, loops: readonly Loop[]): Promise<void> {
  const stop = new AbortController();
  const onAbort = () => stop.abort(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  const running = loops.map(async (loop) => {
    try {
      await loop(stop.signal);
    } catch (error) {
      stop.abort(error);
      throw error;
    }
  });
  try {
    await Promise.all(running);
  } finally {
    await Promise.allSettled(running);
    signal.removeEventListener("abort", onAbort);
  }
}
