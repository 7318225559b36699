/** Which roles are not ready yet; the API's /healthz asks. */
export class Roles {
  readonly #waiting = new Set<string>();
  readonly #all: Promise<void>[] = [];
  readonly #watched: { readonly role: string; readonly trouble: () => string | undefined }[] = [];

  /** Declares a role; call the result once it is ready. */
  expect(role: string): () => void {
    this.#waiting.add(role);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#all.push(promise);
    return () => {
      this.#waiting.delete(role);
      resolve();
    };
  }

  /** Declares a role that can stop being ready: it is not while `trouble` says why. */
  watch(role: string, trouble: () => string | undefined): void {
    this.#watched.push({ role, trouble });
  }

  waiting(): readonly string[] {
    const troubled = this.#watched.flatMap(({ role, trouble }) => {
      const reason = trouble();
      return reason === undefined ? [] : [`${role} (${reason})`];
    });
    return [...this.#waiting, ...troubled].sort();
  }

  /** Resolves when every role declared so far is ready. */
  async ready(): Promise<void> {
    await Promise.all(this.#all);
  }
}

/** Rejects when a role died during the start, with what it died of. */
export function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
