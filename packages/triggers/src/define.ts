import type { Clock, Logger } from "@sluice/base";
import type { SubmitRun } from "@sluice/bus";
import type { References } from "@sluice/kube";
import type { KindSchemas, TriggerRequest } from "@sluice/spec";
import type { TriggersConfig } from "./config.ts";

/** What a kind checks its action with; a zod schema is one. */
export interface ActionSpec<S> {
  safeParse(value: unknown):
    | { readonly success: true; readonly data: S }
    | {
        readonly success: false;
        readonly error: {
          readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
        };
      };
}

/** A zod schema, seen from where zod is not known. */
export type ManifestSchema = KindSchemas["trigger"][string];

/** What one attempt may use. */
export interface TriggerContext<S> {
  readonly spec: S;
  readonly request: TriggerRequest;
  /** 1 on the first. */
  readonly attempt: number;
  readonly references: References;
  readonly submitRun: SubmitRun;
  readonly config: TriggersConfig;
  readonly clock: Clock;
  readonly log: Logger;
  /** Numbers that this trigger of this sensor keeps between its firings, in this process only. */
  readonly memory: Map<string, number>;
  /** Aborts when the worker must end; the attempt then throws, and is made again at the next start. */
  readonly signal: AbortSignal;
}

export interface TriggerResult {
  /** `duplicate`: it had been done before, by an earlier delivery of the same request. */
  readonly outcome: "done" | "duplicate";
  /** What it made, for the trail: `workflow/<namespace>/<name>`, or the HTTP status. */
  readonly result?: string;
}

/** One kind of action: a folder under `kinds/` whose default export this is. */
export interface TriggerDefinition<S> {
  /** The folder's name, and the key in Argo's TriggerTemplate. */
  readonly kind: string;
  /** The action, rendered. */
  readonly spec: ActionSpec<S>;
  /** The kind's config as people write it, parameters and all: for lint and editors. */
  readonly manifest?: ManifestSchema;
  /** Throws coded errors: `later` is tried again by the request's retryStrategy, others go to DEAD at once. */
  execute(context: TriggerContext<S>): Promise<TriggerResult>;
}

/** A definition whose spec type is closed over: what registries hold. */
export interface TriggerKind {
  readonly kind: string;
  readonly spec: ActionSpec<unknown>;
  readonly manifest?: ManifestSchema;
  execute(context: TriggerContext<unknown>): Promise<TriggerResult>;
}

export const defineTrigger = <S>(definition: TriggerDefinition<S>): TriggerKind => ({
  kind: definition.kind,
  spec: definition.spec,
  ...(definition.manifest === undefined ? {} : { manifest: definition.manifest }),
  // The worker parses with this very spec before it executes.
  execute: (context) => definition.execute(context as TriggerContext<S>),
});
