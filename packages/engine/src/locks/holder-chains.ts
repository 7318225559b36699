/** Work for each holder, one after the other; of different holders side by side. What fails is told and holds up nothing. */
export class HolderChains {
  readonly #chains = new Map<string, Promise<void>>();
  readonly #failed: (holder: string, error: unknown) => void;

  constructor(failed: (holder: string, error: unknown) => void) {
    this.#failed = failed;
  }

  /** Resolves when the work is done, well or not; never throws. */
  run(holder: string, work: () => Promise<void>): Promise<void> {
    const next = (this.#chains.get(holder) ?? Promise.resolve()).then(async () => {
      try {
        await work();
      } catch (error) {
        this.#failed(holder, error);
      }
    });
    this.#chains.set(holder, next);
    void next.then(() => {
      if (this.#chains.get(holder) === next) this.#chains.delete(holder);
    });
    return next;
  }

  async settled(): Promise<void> {
    await Promise.allSettled(this.#chains.values());
  }
}
