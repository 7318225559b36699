import { isAppError, messageOf, stableJson } from "@sluice/base";
import { type EventSource, sourceKinds } from "@sluice/spec";
import type { AnySource } from "../define.ts";
import { type ConfigIssue, SourceError } from "../errors.ts";
import { compileFilter, type SourceFilter } from "../filter.ts";

/** Which kinds there are. */
export type SourceRegistry = ReadonlyMap<string, AnySource>;

interface Frame {
  readonly event: string;
  readonly kind: string;
  /** Equal for equal configs: an event whose fingerprint stays is left running. */
  readonly fingerprint: string;
}

/** What is to be done about one event of an EventSource. */
export type PlannedEvent = Frame &
  (
    | {
        readonly plan: "run";
        readonly definition: AnySource;
        readonly spec: unknown;
        readonly filter: SourceFilter | undefined;
      }
    | {
        readonly plan: "invalid";
        readonly code: string;
        readonly message: string;
        readonly hint: string;
        readonly issues: readonly ConfigIssue[];
      }
    | { readonly plan: "unsupported"; readonly message: string }
  );

/** Every event of the manifest with what to do about it. Pure; one wrong event leaves the others alone. */
export function planEvents(
  manifest: EventSource,
  name: string,
  registry: SourceRegistry,
): readonly PlannedEvent[] {
  const planned = new Map<string, PlannedEvent>();
  for (const kind of sourceKinds) {
    for (const [event, config] of Object.entries(manifest.spec[kind] ?? {})) {
      const frame: Frame = { event, kind, fingerprint: stableJson({ kind, config }) };
      const twin = planned.get(event);
      planned.set(
        event,
        twin === undefined ? planOne(frame, config, name, registry) : doubled(frame, twin, name),
      );
    }
  }
  return [...planned.values()];
}

function planOne(frame: Frame, config: unknown, source: string, registry: SourceRegistry): PlannedEvent {
  const definition = registry.get(frame.kind);
  if (definition === undefined) {
    const error = SourceError.KIND_UNSUPPORTED({ kind: frame.kind, known: [...registry.keys()] });
    return { ...frame, plan: "unsupported", message: error.message };
  }
  const parsed = definition.spec.safeParse(config);
  if (!parsed.success) {
    return invalid(
      frame,
      source,
      parsed.error.issues.map((issue) => ({
        path: issue.path.map(String).join("."),
        message: issue.message,
      })),
    );
  }
  try {
    const filter = compileFilter(expressionOf(parsed.data));
    return { ...frame, plan: "run", definition, spec: parsed.data, filter };
  } catch (error) {
    const text = isAppError(error) ? error.message : messageOf(error);
    return invalid(frame, source, [{ path: "filter.expression", message: text }]);
  }
}

/** `filter.expression` means the same in every kind, so the runner applies it for all. */
function expressionOf(spec: unknown): string | undefined {
  const { filter } = spec as { readonly filter?: { readonly expression?: unknown } };
  return typeof filter?.expression === "string" ? filter.expression : undefined;
}

function invalid(frame: Frame, source: string, issues: readonly ConfigIssue[]): PlannedEvent {
  const error = SourceError.CONFIG_INVALID({ source, event: frame.event, kind: frame.kind, issues });
  return { ...frame, plan: "invalid", code: error.code, message: error.message, hint: error.hint, issues };
}

/** Sensors know an event by its name alone, so two of one name in one object cannot be told apart. */
function doubled(frame: Frame, twin: PlannedEvent, source: string): PlannedEvent {
  const message = `'${frame.event}' is an event of '${twin.kind}' and of '${frame.kind}'; names are unique in an EventSource`;
  const both = { ...frame, fingerprint: twin.fingerprint + frame.fingerprint };
  return invalid(both, source, [{ path: `${frame.kind}.${frame.event}`, message }]);
}
