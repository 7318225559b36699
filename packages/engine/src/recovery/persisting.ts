import { defaultBackoff, messageOf, retrying, retryOf } from "@sluice/base";
import type { LoopDeps } from "../loop/deps.ts";

/** T3. Gives what `work` gives, however often it has to be tried; undefined when the engine ends before. */
export async function persisting<T>(
  { clock, random, log }: Pick<LoopDeps, "clock" | "random" | "log">,
  { what, signal }: { readonly what: string; readonly signal: AbortSignal },
  work: () => Promise<T>,
): Promise<T | undefined> {
  const policy = { ...defaultBackoff, capMs: 5_000 };
  const onRetry = (error: unknown, attempt: number) =>
    log.warn("runs cannot be taken over yet, trying again", { what, attempt, reason: messageOf(error) });
  const when = (error: unknown) => retryOf(error) === "later";
  const attempts = Number.POSITIVE_INFINITY;
  try {
    return await retrying({ clock, random, signal, policy, attempts, when, onRetry }, work);
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}
