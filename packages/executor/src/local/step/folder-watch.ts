import { type FSWatcher, watch } from "node:fs";
import { type Clock, sleepFor } from "@sluice/base";

/** How often a folder is looked at where the system cannot tell of changes, and a process of another parent is. */
const lookEveryMs = 1_000;

/** Tells that something in a few folders may have changed; several changes may be told as one. */
export class FolderWatch {
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  readonly #watchers = new Map<string, FSWatcher>();
  #isLooking = false;
  #changed = true;
  #wake: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `look` also wakes once a second: for what makes no change in a folder, such as the death of a process. */
  open(paths: readonly string[], look: boolean): void {
    if (look) this.lookOften();
    try {
      for (const path of paths) {
        if (this.#watchers.has(path) || this.#stop.signal.aborted) continue;
        const watcher = watch(path, { persistent: true }, () => this.touch());
        watcher.on("error", () => this.lookOften());
        this.#watchers.set(path, watcher);
        this.touch();
      }
    } catch {
      this.lookOften(); // no more watches are allowed to this user
    }
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
    this.#stop.abort("closed");
    for (const watcher of this.#watchers.values()) watcher.close();
    this.touch();
  }

  /** From now on wakes once a second too. */
  lookOften(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
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
