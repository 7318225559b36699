// The locks that a `synchronization` names.
import type { Synchronization } from "@sluice/spec";
import { EngineError } from "../../errors.ts";
import { renderText } from "../../values/language.ts";
import type { Scope } from "../../values/scope.ts";
import type { LockWish } from "../state/asks.ts";

/** Locks that one call may ask for at once. */
const maxLocks = 64;

/** In a fixed order, each once; names rendered in `scope`. Errors: ENGINE_TEMPLATE_INVALID, ENGINE_VALUE_UNRESOLVED, ENGINE_LIMIT. */
export function lockWishes(
  sync: Synchronization | undefined,
  namespace: string,
  scope: Scope,
): readonly LockWish[] {
  if (sync === undefined) return [];
  const wishes = new Map<string, LockWish>();
  const text = (value: string | undefined): string => (value === undefined ? "" : renderText(value, scope));
  const add = (wish: LockWish): void => void wishes.set(`${wish.kind} ${wish.key}`, wish);
  for (const mutex of [...(sync.mutexes ?? []), ...(sync.mutex === undefined ? [] : [sync.mutex])]) {
    const ns = text(mutex.namespace) || namespace;
    const name = named(text(mutex.name), "mutex has no name");
    const kind = mutex.database === true ? "database-mutex" : "mutex";
    add({
      key: `${ns}/${mutex.database === true ? "Database" : "Mutex"}/${name}`,
      kind,
      namespace: ns,
      name,
    });
  }
  for (const semaphore of [
    ...(sync.semaphores ?? []),
    ...(sync.semaphore === undefined ? [] : [sync.semaphore]),
  ]) {
    const ns = text(semaphore.namespace) || namespace;
    if (semaphore.configMapKeyRef !== undefined) {
      const name = named(text(semaphore.configMapKeyRef.name), "semaphore's configMapKeyRef has no name");
      const item = named(text(semaphore.configMapKeyRef.key), "semaphore's configMapKeyRef has no key");
      add({ key: `${ns}/ConfigMap/${name}/${item}`, kind: "configmap", namespace: ns, name, item });
    } else {
      const name = named(text(semaphore.database?.key), "semaphore has neither configMapKeyRef nor database");
      add({ key: `${ns}/Database/${name}`, kind: "database", namespace: ns, name });
    }
  }
  if (wishes.size > maxLocks) throw EngineError.LIMIT({ what: "the number of locks", max: maxLocks });
  return [...wishes.values()].sort((a, b) => (`${a.kind} ${a.key}` < `${b.kind} ${b.key}` ? -1 : 1));
}

function named(name: string, reason: string): string {
  if (name === "") throw EngineError.TEMPLATE_INVALID({ reason });
  return name;
}

/** What is known without asking: how many hold it is told by who asks. */
export const waitingMessage = (locks: readonly LockWish[]): string =>
  `Waiting for ${locks[0]?.key ?? ""} lock.`;
