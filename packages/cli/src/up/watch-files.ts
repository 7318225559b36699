// Watches the files that `sluice up` was given, so that an edited manifest is applied without a restart.
import { type FSWatcher, watch } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { type Clock, Mailbox, sleepFor } from "@sluice/base";

/** Editors write a file in several steps; they are taken together, ms. */
const settleMs = 150;

/** Calls `changed` after something under the paths was written, once for writes that come together, until `signal` aborts. */
export async function watchFiles(
  paths: readonly string[],
  clock: Clock,
  changed: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const changes = new Mailbox<void>(signal);
  const watchers = await Promise.all(
    paths.filter((path) => path !== "-").map((path) => watchOne(path, changes)),
  );
  try {
    for await (const _ of changes) {
      await sleepFor(clock, settleMs, signal);
      changes.drain();
      if (!signal.aborted) await changed();
    }
  } finally {
    for (const watcher of watchers) watcher.close();
  }
}

/** A file is watched through its folder: editors replace it, and a watch on it would die with the old one. */
async function watchOne(path: string, changes: Mailbox<void>): Promise<FSWatcher> {
  const isFolder = (await stat(path)).isDirectory();
  const watcher = watch(isFolder ? path : dirname(path), { recursive: isFolder, persistent: false });
  watcher.on("change", (_event, name) => {
    if (name === null || isFolder || path.endsWith(String(name))) changes.put();
  });
  // A folder that goes away ends its watch; what was applied from it stays.
  watcher.on("error", () => watcher.close());
  return watcher;
}
