import { hashId } from "./hash.ts";

const pattern = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Whether `text` is a W3C `traceparent` (version 00) with ids that are not all zero. */
export function isTraceparent(text: string): boolean {
  const match = pattern.exec(text);
  return match !== null && !/^0+$/.test(match[1] ?? "") && !/^0+$/.test(match[2] ?? "");
}

/** The trace of a cause that brought none: it follows from the cause's id, so a repeat has the same trace. */
export function traceparentOf(causeId: string): string {
  const hash = hashId("trace", causeId);
  return `00-${hash.slice(0, 32)}-${hash.slice(32, 48)}-01`;
}

/** A child span in the same trace, derived from `spanKey`. */
export function childTraceparent(parent: string, spanKey: string): string {
  const match = pattern.exec(parent);
  if (match === null) return traceparentOf(spanKey);
  return `00-${match[1]}-${hashId("span", parent, spanKey).slice(0, 16)}-${match[3]}`;
}
