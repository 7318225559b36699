// Locks as Argo's clients read them: what the workflow and its nodes hold and wait for.
import { type Ask, type LockWish, runAsk } from "../run/state/asks.ts";
import type { Run } from "../run/state/run.ts";
import type { LiveSteps } from "./live-step.ts";

interface Held {
  readonly key: string;
  readonly kind: LockWish["kind"];
  readonly holder: string;
}

const isPlace = ({ kind }: Pick<Held, "kind">): boolean => kind === "place";
const isMutex = (kind: LockWish["kind"]): boolean => kind === "mutex" || kind === "database-mutex";

/** `status.synchronization`; undefined when the run has nothing to do with locks now. */
export function synchronizationOf(run: Run, live: LiveSteps): object | undefined {
  if (run.asks.size === 0 && run.locks.size === 0) return undefined;
  const holder = (ask: string) =>
    ask === runAsk ? `${run.key.namespace}/${run.key.name}` : `${run.key.namespace}/${run.key.name}/${ask}`;
  const holding: Held[] = [...run.locks].flatMap(([ask, { locks }]) =>
    locks.filter((lock) => !isPlace(lock)).map(({ key, kind }) => ({ key, kind, holder: holder(ask) })),
  );
  const waiting: Held[] = [...run.asks.values()].flatMap((ask) => {
    const wish = waitedLock(ask, live);
    return wish === undefined || isPlace(wish)
      ? []
      : [{ key: wish.key, kind: wish.kind, holder: holder(ask.id) }];
  });
  const mutex = {
    ...listed("holding", holding.filter(({ kind }) => isMutex(kind)).map(mutexRow)),
    ...listed("waiting", waiting.filter(({ kind }) => isMutex(kind)).map(mutexRow)),
  };
  const semaphore = {
    ...listed("holding", semaphoreRows(holding)),
    ...listed("waiting", semaphoreRows(waiting)),
  };
  if (Object.keys(mutex).length + Object.keys(semaphore).length === 0) return undefined;
  return {
    ...(Object.keys(mutex).length === 0 ? {} : { mutex }),
    ...(Object.keys(semaphore).length === 0 ? {} : { semaphore }),
  };
}

const listed = (name: string, rows: readonly object[]): object => (rows.length === 0 ? {} : { [name]: rows });

const mutexRow = ({ key, holder }: Held): object => ({ mutex: key, holder });

function semaphoreRows(all: readonly Held[]): readonly object[] {
  const rows = new Map<string, string[]>();
  for (const { key, kind, holder } of all) {
    if (isMutex(kind)) continue;
    const row = rows.get(key);
    if (row === undefined) rows.set(key, [holder]);
    else row.push(holder);
  }
  return [...rows].map(([semaphore, holders]) => ({ semaphore, holders }));
}

/** The lock that an ask waits for: the one in its way where that is known, else the first of its list. */
export function waitedLock(ask: Ask | undefined, live: LiveSteps): LockWish | undefined {
  if (ask?.kind !== "locks") return undefined;
  const name = live(ask.id)?.lock;
  return ask.locks.find(({ key }) => key === name) ?? ask.locks[0];
}
