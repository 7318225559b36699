// One process a data folder.
// Invariants
//   F1. The lock file appears whole (hard link of a finished file): a reader never sees half of it.
//   F2. A lock is taken over only from a process that is gone: pid and start time are compared.
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Random } from "@sluice/base";
import { BusError } from "../errors.ts";
import { isAlive, parseProcessId, processOf } from "./process-id.ts";

const tries = 20;

/** Takes the folder, or throws BUS_DATA_FOLDER_BUSY naming the holder. Disposing gives it back. */
export async function lockFolder(folder: string, random: Random): Promise<AsyncDisposable> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, "lock");
  const own = join(folder, `lock.${random.id()}`);
  const me = JSON.stringify((await processOf(process.pid)) ?? { pid: process.pid, startTime: "" });
  await writeFile(own, me, { mode: 0o600 });
  try {
    for (let i = 0; i < tries; i++) {
      if (await linkIfFree(own, file)) return { [Symbol.asyncDispose]: () => rm(file, { force: true }) };
      await removeIfStale(folder, file, `${own}.stale`);
    }
  } finally {
    await rm(own, { force: true });
  }
  throw BusError.DATA_FOLDER_BUSY({ folder, pid: 0 });
}

async function linkIfFree(own: string, file: string): Promise<boolean> {
  try {
    await link(own, file);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === "EEXIST") return false;
    throw error;
  }
}

async function removeIfStale(folder: string, file: string, aside: string): Promise<void> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return;
  const holder = parseProcessId(text);
  if (holder !== undefined && (await isAlive(holder)))
    throw BusError.DATA_FOLDER_BUSY({ folder, pid: holder.pid });
  await rename(file, aside).catch(() => {});
  const moved = await readFile(aside, "utf8").catch(() => undefined);
  // Somebody took it over between our look and our move: give it back.
  if (moved !== undefined && moved !== text) await linkIfFree(aside, file);
  await rm(aside, { force: true });
}
