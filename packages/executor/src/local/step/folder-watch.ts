import { type FSWatcher, watch } from "node:fs";
import { type Clock, sleepFor } from "@sluice/base";

/** How often a folder is looked at where the system cannot tell of changes, and a process of another parent is. */
const lookEveryMs = 1_000;

/** Tells that something in a folder may have changed; several changes may be told as one. */
export class FolderWatch {
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  #watcher: FSWatcher | undefined;
  #changed = true;
  #wake: (() => void) | undefined;

  /** `look` also wakes once a second: for what makes no change in the folder, such as the death of a process. */
  constructor(path: string, clock: Clock, look: boolean) {
    this.#clock = clock;
    try {
      this.#watcher = watch(path, { persistent: true }, () => this.touch());
      this.#watcher.on("error", () => this.lookOften());
    } catch {
      this.lookOften(); // no more watches are allowed to this user
      return;
    }
    if (look) this.lookOften();
  }

  /** Resolves when something may have changed since the last call, and at once for the first. */
  async changed(): Promise<void> {
    if (!this.#changed && !this.#stop.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#changed = false;
  }

  touch(): void {
    this.#changed = true;
    this.#wake?.();
    this.#wake = undefined;
  }

  close(): void {
    this.#stop.abort();
    this.#watcher?.close();
    this.touch();
  }

  /** From now on wakes once a second too. */
  lookOften(): void {
    const { signal } = this.#stop;
    const look = async () => {
      while (!signal.aborted) {
        await sleepFor(this.#clock, lookEveryMs, signal);
        this.touch();
      }
    };
    void look();
  }
}
