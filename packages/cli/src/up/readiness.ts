/** Which roles are not ready yet; the API's /healthz asks. */
export class Roles {
  readonly #waiting = new Set<string>();
  readonly #all: Promise<void>[] = [];

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

  waiting(): readonly string[] {
    return [...this.#waiting].sort();
  }

  /** Resolves when every role declared so far is ready. */
  async ready(): Promise<void> {
    await Promise.all(this.#all);
  }
}
