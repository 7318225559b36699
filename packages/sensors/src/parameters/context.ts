import type { StoredEvent } from "@sluice/spec";

/** The context of an event as Argo's sensors see it: the keys that `contextKey` and context filters may name. */
export interface EventContext {
  readonly id: string;
  readonly source: string;
  readonly specversion: string;
  readonly type: string;
  readonly datacontenttype: string;
  readonly subject: string;
  readonly time: string;
}

export function contextOf(stored: StoredEvent): EventContext {
  const { event, origin, receivedAt } = stored;
  return {
    id: event.id,
    source: event.source,
    specversion: event.specversion,
    type: event.type,
    datacontenttype: event.datacontenttype ?? "application/json",
    subject: event.subject ?? origin.event,
    time: event.time ?? new Date(receivedAt).toISOString(),
  };
}

/** The payload as bytes, for the whole-event parameter. */
export function payloadBase64(stored: StoredEvent): string {
  const { data, data_base64: binary } = stored.event;
  if (typeof binary === "string") return binary;
  return data === undefined ? "" : Buffer.from(JSON.stringify(data), "utf8").toString("base64");
}
