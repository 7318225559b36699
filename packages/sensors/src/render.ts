// Renders a firing: the trigger's template and the matched events become a TriggerRequest. Pure.
import { childTraceparent, hashId, isObject, type Json, type JsonObject, traceparentOf } from "@sluice/base";
import type { CauseRef, StoredEvent, TriggerRequest } from "@sluice/spec";
import { type CompiledSensor, type CompiledTrigger, parameterList } from "./compile.ts";
import { SensorError, type SensorIssue } from "./errors.ts";
import { applyParameters, buildPayload } from "./parameters/apply.ts";
import { checkLists, parameterKeys } from "./parameters/check.ts";
import { contextOf } from "./parameters/context.ts";
import type { FiringEvents } from "./parameters/resolve.ts";

/** What points to an event, with the dependency that it filled. */
export const causeOf = ({ origin, event }: StoredEvent, dependency?: string): CauseRef => ({
  ...origin,
  id: event.id,
  ...(dependency === undefined ? {} : { dependency }),
});

/**
 * The id of a firing: the same events of the same trigger give the same id, however often and by whom it is computed
 * (P3). The sensor's generation is left out on purpose: an edit between two deliveries of one event must not make
 * a second firing of it.
 */
export function requestId(sensor: CompiledSensor, trigger: string, causes: readonly CauseRef[]): string {
  const keys = causes.map((c) => hashId(c.dependency ?? "", c.source, c.event, c.id)).sort();
  return hashId("firing", sensor.namespace, sensor.name, trigger, ...keys);
}

export interface Rendered {
  readonly request: TriggerRequest;
  /** Parameters that were skipped. */
  readonly notes: readonly string[];
  /** Set when a parameter has no value: the request belongs to DEAD and carries no action. */
  readonly failure?: ReturnType<typeof SensorError.PARAMETER_UNRESOLVED>;
}

/** Renders a firing. Never throws for what an event may contain. `at` is epoch ms. */
export function renderRequest(
  sensor: CompiledSensor,
  trigger: CompiledTrigger,
  events: FiringEvents,
  at: number,
): Rendered {
  const causes = [...events].map(([dependency, event]) => causeOf(event, dependency));
  const id = requestId(sensor, trigger.name, causes);
  const action = renderAction(trigger, events);
  const { retryStrategy, policy, rateLimit } = trigger.trigger;
  const base: Omit<TriggerRequest, "action"> = {
    v: 1,
    id,
    namespace: sensor.namespace,
    sensor: sensor.name,
    sensorGeneration: sensor.generation,
    trigger: trigger.name,
    kind: trigger.kind,
    ...(retryStrategy === undefined ? {} : { retryStrategy }),
    ...(policy?.status === undefined ? {} : { allowStatus: policy.status.allow }),
    ...(rateLimit === undefined
      ? {}
      : { rateLimit: { unit: rateLimit.unit ?? "Second", requestsPerUnit: rateLimit.requestsPerUnit } }),
    causes,
    traceparent: childTraceparent(traceOf(events, id), id),
    requestedAt: at,
  };
  if (action.kind === "rendered") return { request: { ...base, action: action.action }, notes: action.notes };
  const { where, reason } = action;
  const failure = SensorError.PARAMETER_UNRESOLVED({
    sensor: sensor.name,
    trigger: trigger.name,
    where,
    reason,
  });
  return { request: { ...base, action: {}, unresolved: failure.message }, notes: [], failure };
}

/** The trace of the newest event of the firing; the others are named by the causes. */
function traceOf(events: FiringEvents, id: string): string {
  const newest = [...events.values()].sort((a, b) => b.receivedAt - a.receivedAt)[0];
  return newest?.event.traceparent ?? traceparentOf(newest?.event.id ?? id);
}

type Action =
  | { readonly kind: "rendered"; readonly action: JsonObject; readonly notes: readonly string[] }
  | { readonly kind: "unresolved"; readonly where: string; readonly reason: string };

function renderAction(compiled: CompiledTrigger, events: FiringEvents): Action {
  const { trigger, kind } = compiled;
  const template = trigger.template as unknown as Json;
  const whole = applyParameters(template, trigger.parameters ?? [], events, "parameters");
  if (whole.kind === "unresolved") return whole;
  const config = isObject(whole.document) ? (whole.document as JsonObject)[kind] : undefined;
  const at = `template.${kind}`;
  if (!isObject(config))
    return { kind: "unresolved", where: at, reason: "a parameter took the action's place" };
  const changed = changedLists(compiled, config as JsonObject);
  if (changed !== undefined) return { kind: "unresolved", where: at, reason: changed };
  const own = applyOwn(kind, config as JsonObject, events);
  if (own.kind === "unresolved") return own;
  return { ...own, notes: [...whole.notes, ...own.notes] };
}

/** The parameters in the kind's own config: on the resource for objects, else on the config itself. */
function applyOwn(kind: string, config: JsonObject, events: FiringEvents): Action {
  const at = `template.${kind}`;
  const bare = Object.fromEntries(
    Object.entries(config).filter(([key]) => !(parameterKeys as readonly string[]).includes(key)),
  ) as JsonObject;
  const parameters = parameterList(config, "parameters");
  const onResource = kind === "k8s" || kind === "argoWorkflow";
  const source = isObject(bare["source"]) ? (bare["source"] as JsonObject) : {};
  const target: Json = onResource ? (source["resource"] ?? {}) : bare;
  const applied = applyParameters(target, parameters, events, `${at}.parameters`);
  if (applied.kind === "unresolved") return applied;
  const { document, notes } = applied;
  if (onResource) {
    const action = parameters.length === 0 ? bare : { ...bare, source: { ...source, resource: document } };
    return { kind: "rendered", action, notes };
  }
  const action = isObject(document) ? (document as JsonObject) : bare;
  if (kind === "log") return { kind: "rendered", action: { ...action, events: shownEvents(events) }, notes };
  return withPayload({ kind, config, action, notes }, events);
}

interface Unfinished {
  readonly kind: string;
  readonly config: JsonObject;
  readonly action: JsonObject;
  readonly notes: readonly string[];
}

/** Builds `payload` into `body`, and `dynamicHeaders` into `headers`. */
function withPayload({ kind, config, action, notes }: Unfinished, events: FiringEvents): Action {
  let result = action;
  const payload = parameterList(config, "payload");
  if (payload.length > 0) {
    const built = buildPayload(payload, events, `template.${kind}.payload`);
    if (built.kind === "unresolved") return built;
    result = { ...result, body: built.body, contentType: built.contentType };
  }
  const headers = parameterList(config, "dynamicHeaders");
  if (headers.length > 0) {
    // Header names may have dots: they are no paths here.
    const escaped = headers.map((p) => ({ ...p, dest: p.dest.replace(/[.\\:*?|#@]/g, "\\$&") }));
    const own = isObject(result["headers"]) ? (result["headers"] as JsonObject) : {};
    const applied = applyParameters(own, escaped, events, `template.${kind}.dynamicHeaders`);
    if (applied.kind === "unresolved") return applied;
    return {
      kind: "rendered",
      action: { ...result, headers: applied.document },
      notes: [...notes, ...applied.notes],
    };
  }
  return { kind: "rendered", action: result, notes };
}

const templateKeys = ["dataTemplate", "contextTemplate"] as const;

/**
 * What is wrong with the kind's own lists of parameters after template-level parameters wrote into them, if anything.
 * They may set keys and values there; a template that came with an event would run what a stranger wrote.
 */
function changedLists({ trigger, kind, names }: CompiledTrigger, config: JsonObject): string | undefined {
  const original = (trigger.template[kind] ?? {}) as JsonObject;
  // A set copies what it touches: the same object is an untouched one.
  const touched = parameterKeys.filter((key) => config[key] !== original[key]);
  if (touched.length === 0) return undefined;
  for (const key of touched) {
    const before = parameterList(original, key);
    for (const [i, parameter] of parameterList(config, key).entries()) {
      if (templateKeys.some((name) => templateAt(parameter, name) !== templateAt(before[i], name)))
        return `event data must not become a template (${key}[${i}])`;
    }
  }
  const issues: SensorIssue[] = [];
  checkLists(config, kind, { names, path: "template", issues });
  if (issues[0] !== undefined) return `${issues[0].path} ${issues[0].message}`;
  return undefined;
}

const templateAt = (parameter: unknown, key: (typeof templateKeys)[number]): unknown =>
  isObject(parameter) && isObject(parameter["src"]) ? parameter["src"][key] : undefined;

const maxLoggedData = 4_096;

/** The events as the log trigger writes them: their data cut to 4 kB. */
const shownEvents = (events: FiringEvents): Json =>
  [...events].map(([dependency, event]) => {
    const text = JSON.stringify(event.event.data ?? null);
    const data =
      text.length <= maxLoggedData ? (event.event.data ?? null) : `${text.slice(0, maxLoggedData)}…`;
    return { dependency, context: { ...contextOf(event) }, data };
  });
