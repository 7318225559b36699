import { Session } from "node:inspector/promises";
import { setImmediate } from "node:timers/promises";

/** Has everything collected that nothing keeps any more, for tests of what must not be kept. */
export async function collectGarbage(): Promise<void> {
  const session = new Session();
  session.connect();
  try {
    // What a `WeakRef` has shown in this turn lives until its end; what one round lets go may have kept other things.
    for (let round = 0; round < 3; round++) {
      await setImmediate();
      await session.post("HeapProfiler.collectGarbage");
    }
  } finally {
    session.disconnect();
  }
}
