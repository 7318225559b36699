// Ownership of resources and background loops.
// Owns:      whatever is handed to `use`, `defer` and `spawn`.
// Invariants
//   S1. Closing runs in reverse order of taking ownership, once; every failure is reported together.
//   S2. A loop that ends before the scope closes aborts the scope's signal: a dead loop is never silent.
//   S3. A child scope closes with its parent; closing the child early gives its place back.

/** Owns resources and background tasks; closes them in reverse order, once, and reports every failure. */
export class Scope implements AsyncDisposable {
  readonly #closers = new Set<() => PromiseLike<void> | void>();
  readonly #abort = new AbortController();
  #closing: Promise<void> | undefined;

  /** Aborted when the scope closes or one of its loops dies. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Takes ownership; returns its argument, so a resource is owned in the line that makes it. */
  use<T extends AsyncDisposable>(resource: T): T {
    this.defer(() => resource[Symbol.asyncDispose]());
    return resource;
  }

  /** Runs `close` when the scope closes. Returns a function that gives the duty back without running it. */
  defer(close: () => PromiseLike<void> | void): () => void {
    if (this.#closing !== undefined) throw new Error("scope is closed");
    const entry = () => close();
    this.#closers.add(entry);
    return () => void this.#closers.delete(entry);
  }

  /** Runs a loop that ends only when `signal` aborts. If it ends before, the whole scope's signal aborts. */
  spawn(name: string, loop: (signal: AbortSignal) => Promise<void>): void {
    const done = this.#watch(name, loop);
    done.catch(() => {}); // reported on close; here only so that it is never unhandled
    this.defer(() => done);
  }

  /** A scope that closes with this one, or earlier by itself. */
  child(): Scope {
    const child = new Scope();
    const onAbort = () => child.#abort.abort(this.signal.reason);
    this.signal.addEventListener("abort", onAbort, { once: true });
    const release = this.defer(() => child[Symbol.asyncDispose]());
    child.defer(() => {
      this.signal.removeEventListener("abort", onAbort);
      release();
    });
    return child;
  }

  async #watch(name: string, loop: (signal: AbortSignal) => Promise<void>): Promise<void> {
    let cause: unknown = "it returned";
    try {
      await loop(this.signal);
      if (this.signal.aborted) return;
    } catch (error) {
      cause = error;
      if (this.signal.aborted && error === this.signal.reason) return;
    }
    const failure = new Error(`loop '${name}' stopped by itself`, { cause });
    this.#abort.abort(failure);
    throw failure;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#abort.abort(new Error("scope closed"));
    const failures: unknown[] = [];
    const closers = [...this.#closers].reverse();
    for (const close of closers) {
      try {
        await close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0)
      throw new AggregateError(failures, `${failures.length} of ${closers.length} failed to close`);
  }
}

/** Resolves with the first reason once any of the signals is aborted. */
export function anyAborted(...signals: AbortSignal[]): Promise<unknown> {
  const any = AbortSignal.any(signals);
  if (any.aborted) return Promise.resolve(any.reason);
  return new Promise((resolve) => any.addEventListener("abort", () => resolve(any.reason), { once: true }));
}
