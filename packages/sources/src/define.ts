import type { Clock, Failpoints, Json, Logger, Random } from "@sluice/base";
import type { References } from "@sluice/kube";
import type { SourceKind } from "@sluice/spec";
import type { Ingress } from "./ingress.ts";

/** What a source says about one thing that happened. Absent fields get their usual value. */
export interface EmitRequest {
  /** From the cause, wherever it has one: the same cause gives the same id (P2). Default: random. */
  readonly id?: string;
  /** CloudEvents `source`. Default: the EventSource's name. */
  readonly source?: string;
  /** CloudEvents `type`. Default: the kind. */
  readonly type?: string;
  /** CloudEvents `subject`. Default: the event's name. */
  readonly subject?: string;
  /** RFC 3339. Default: now. */
  readonly time?: string;
  /** Default: `application/json`. */
  readonly datacontenttype?: string;
  readonly dataschema?: string;
  readonly data?: Json;
  /** Base64 of data that is not JSON. Never together with `data`. */
  readonly dataBase64?: string;
  /** W3C trace context. Default: derived from the id. */
  readonly traceparent?: string;
  /** CloudEvents extension attributes, already checked. */
  readonly extensions?: Readonly<Record<string, string | number | boolean>>;
}

export interface Emitted {
  readonly id: string;
  /** `filtered`: the EventSource's filter said no, and a trail record says so. */
  readonly outcome: "stored" | "duplicate" | "filtered";
}

/**
 * Resolves only after the event is stored (P1), or after the record of its being filtered is.
 * Errors: BUS_UNAVAILABLE, BUS_STREAM_FULL (later), BUS_MESSAGE_TOO_LARGE (never).
 */
export type Emit = (request: EmitRequest) => Promise<Emitted>;

export interface SourceContext<S> {
  readonly namespace: string;
  /** Name of the EventSource object. */
  readonly source: string;
  /** Name of the event in it. */
  readonly event: string;
  readonly spec: S;
  readonly emit: Emit;
  /** To be called once what the source listens on is open: until then its state is `starting`. */
  readonly ready: () => void;
  readonly ingress: Ingress;
  readonly references: References;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly failpoints: Failpoints;
  /** `run` returns, within a second, when this aborts. */
  readonly signal: AbortSignal;
}

/** A zod schema, seen from where zod is not known. */
export interface SpecSchema<S> {
  safeParse(input: unknown):
    | { readonly success: true; readonly data: S }
    | {
        readonly success: false;
        readonly error: {
          readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
        };
      };
}

/** A kind of event source: one object a folder under `kinds/`. */
export interface SourceDefinition<S = unknown> {
  /** Folder name, and the key in EventSource.spec. */
  readonly kind: SourceKind;
  readonly spec: SpecSchema<S>;
  /** `everywhere`: each replica runs it; `leader`: one at a time, the old one stopped before the new one starts. */
  readonly placement: "everywhere" | "leader";
  /** Ends when `ctx.signal` aborts; throws what its supervisor has to know. The throw's retry class decides. */
  run(ctx: SourceContext<S>): Promise<void>;
}

/** A definition whose config type is forgotten: what the registry holds. */
export interface AnySource {
  readonly kind: SourceKind;
  readonly placement: "everywhere" | "leader";
  readonly spec: SpecSchema<unknown>;
  run(ctx: SourceContext<unknown>): Promise<void>;
}

/** Types a kind against its schema; the runner only ever hands `run` what that schema gave. */
export function defineSource<S>(definition: SourceDefinition<S>): AnySource {
  return { ...definition, run: (ctx) => definition.run(ctx as SourceContext<S>) };
}
