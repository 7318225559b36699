import { isObject, parseGoDuration } from "@sluice/base";
import type { IssueSink, Path } from "../../issue.ts";
import type { Template } from "../../workflow/template.ts";
import { hasTag, type WorkflowLint } from "../workflow/context.ts";

type Lock = Readonly<Record<string, unknown>>;

/** Mutexes with names, semaphores with one source of their limit. */
export function lintSynchronization(
  { sink }: WorkflowLint,
  locks: Template["synchronization"],
  path: Path,
  title: string,
): void {
  if (locks === undefined) return;
  for (const [one, many] of [
    ["mutex", "mutexes"],
    ["semaphore", "semaphores"],
  ] as const) {
    if (locks[one] === undefined) continue;
    sink.warn("SPEC_DEPRECATED", [...path, one], {
      message: `'${one}' is an old spelling`,
      hint: `write '${many}' with a list; \`sluice convert FILE\` does`,
      key: true,
    });
  }
  const mutexes = [...(locks.mutexes ?? []), ...(locks.mutex === undefined ? [] : [locks.mutex])];
  const semaphores = [
    ...(locks.semaphores ?? []),
    ...(locks.semaphore === undefined ? [] : [locks.semaphore]),
  ];
  lintTwice(sink, mutexes, path, title);
  lintTwice(sink, semaphores, path, title);
  for (const [i, mutex] of mutexes.entries()) {
    if (typeof mutex["name"] === "string" && mutex["name"] !== "") continue;
    const message = `${title}.synchronization.mutexes[${i}].name is required`;
    sink.error("SPEC_FIELD_MISSING", placeOf(path, "mutexes", locks.mutexes, i), {
      message,
      hint: "name the lock",
    });
  }
  for (const [i, semaphore] of semaphores.entries())
    lintSemaphore(
      sink,
      semaphore,
      placeOf(path, "semaphores", locks.semaphores, i),
      `${title}.synchronization.semaphores[${i}]`,
    );
}

/** The same lock twice is taken once; the incumbent refuses it when it runs. */
function lintTwice(sink: IssueSink, locks: readonly Lock[], path: Path, title: string): void {
  const seen = new Set<string>();
  for (const lock of locks) {
    const text = JSON.stringify(lock);
    if (seen.has(text)) {
      const message = `${title}.synchronization names one lock twice: ${text.slice(0, 200)}`;
      sink.warn("SPEC_CONFLICT", path, { message, hint: "take one of the two out" });
      return;
    }
    seen.add(text);
  }
}

const placeOf = (path: Path, field: string, list: readonly unknown[] | undefined, i: number): Path =>
  i < (list?.length ?? 0) ? [...path, field, i] : [...path, field === "mutexes" ? "mutex" : "semaphore"];

function lintSemaphore(sink: IssueSink, semaphore: Lock, path: Path, place: string): void {
  const sources = ["configMapKeyRef", "database"].filter((source) => semaphore[source] !== undefined);
  if (sources.length !== 1) {
    const message = `${place} must have exactly one of configMapKeyRef and database`;
    const hint = "say where its limit stands, for example configMapKeyRef: {name: locks, key: build}";
    sink.error(sources.length === 0 ? "SPEC_FIELD_MISSING" : "SPEC_CONFLICT", path, { message, hint });
    return;
  }
  const ref = semaphore["configMapKeyRef"];
  if (ref === undefined) return;
  for (const field of ["name", "key"]) {
    const value: unknown = isObject(ref) ? ref[field] : undefined;
    if (typeof value === "string" && value !== "") continue;
    const message = `${place}.configMapKeyRef.${field} is required`;
    sink.error("SPEC_FIELD_MISSING", [...path, "configMapKeyRef"], {
      message,
      hint: "name the ConfigMap and its key",
    });
  }
}

/** A memoized template: a key, a cache, an age that is a duration. */
export function lintMemoize(
  { sink }: WorkflowLint,
  memoize: Template["memoize"],
  path: Path,
  title: string,
): void {
  if (memoize === undefined) return;
  const { key, cache, maxAge } = memoize;
  if (typeof key !== "string" || key === "") {
    const message = `${title}.memoize.key is required`;
    sink.error("SPEC_FIELD_MISSING", [...path, "key"], {
      message,
      hint: 'for example "{{inputs.parameters.id}}"',
    });
  }
  const map = isObject(cache) ? cache["configMap"] : undefined;
  const name: unknown = isObject(map) ? map["name"] : undefined;
  if (cache !== undefined && (typeof name !== "string" || name === "")) {
    const message = `${title}.memoize.cache.configMap.name is required`;
    sink.error("SPEC_FIELD_MISSING", [...path, "cache"], {
      message,
      hint: "cache: {configMap: {name: my-cache}}",
    });
  }
  if (
    typeof maxAge === "string" &&
    !hasTag(maxAge) &&
    maxAge !== "" &&
    parseGoDuration(maxAge) === undefined
  ) {
    const message = `${title}.memoize.maxAge '${maxAge}' is not a duration`;
    sink.error("SPEC_VALUE", [...path, "maxAge"], { message, hint: 'write a unit: "10s", "24h"' });
  }
}
