import type { Json } from "@sluice/base";

/** A CloudEvents 1.0 event in its JSON form, with the extension attributes that Sluice adds. */
export interface CloudEvent {
  readonly specversion: "1.0";
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject?: string;
  /** RFC 3339. */
  readonly time?: string;
  readonly datacontenttype?: string;
  readonly dataschema?: string;
  readonly data?: Json;
  /** Base64 of a payload that is not JSON. Never together with `data`. */
  readonly data_base64?: string;
  /** W3C trace context of the cause. */
  readonly traceparent?: string;
  /** Other extension attributes, as they came. */
  readonly [attribute: string]: Json | undefined;
}

/** Where an event came in: the EventSource object and the name of the event in it. */
export interface EventOrigin {
  readonly namespace: string;
  /** Name of the EventSource object. */
  readonly source: string;
  /** Key of the event in that object. */
  readonly event: string;
}

/** An event as EVENTS stores it. The envelope has the format version; readers take all older ones. */
export interface StoredEvent {
  readonly v: 1;
  readonly origin: EventOrigin;
  /** Epoch ms: when Sluice took it in. */
  readonly receivedAt: number;
  readonly event: CloudEvent;
}

/** What points to an event from a request, a run or a record. */
export interface CauseRef {
  readonly namespace: string;
  readonly source: string;
  readonly event: string;
  /** The CloudEvent's id. */
  readonly id: string;
  /** Name of the dependency that it filled, where a sensor matched it. */
  readonly dependency?: string;
}
