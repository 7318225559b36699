import { isObject, type Json } from "@sluice/base";
import type { z } from "zod";
import { type EventSource, sourceKinds } from "../../events/event-source.ts";
import type { IssueSink } from "../../issue.ts";
import { checkShape } from "../../schema/check.ts";
import { lintExpr } from "../expressions.ts";
import { knownSourceFields, lintKnownFields } from "./kind-fields.ts";

/** Longest event name: it becomes a token of a subject and a key. */
const maxEventName = 253;

/** Kinds and names of an EventSource; each event's config is checked by its kind's schema where one is given. */
export function lintEventSource(
  source: EventSource,
  sink: IssueSink,
  schemas: Readonly<Record<string, z.ZodType>>,
): void {
  const names = new Map<string, string>();
  let events = 0;
  for (const kind of sourceKinds) {
    const configs = source.spec[kind];
    if (configs === undefined) continue;
    const schema = Object.hasOwn(schemas, kind) ? schemas[kind] : undefined;
    if (schema === undefined && Object.keys(schemas).length > 0) {
      sink.error("SPEC_UNSUPPORTED", ["spec", kind], {
        message: `source kind '${kind}' is not run by this version of Sluice`,
        hint: `kinds: ${Object.keys(schemas).join(", ")}`,
        key: true,
      });
    }
    for (const [name, config] of Object.entries(configs)) {
      events += 1;
      const path = ["spec", kind, name];
      lintEventName(name, sink, path);
      const before = names.get(name);
      if (before !== undefined) {
        sink.error("SPEC_NAME", path, {
          message: `event name '${name}' is used by '${before}' and '${kind}'`,
          hint: "rename one of the two: sensors name events without their kind",
          key: true,
        });
      }
      names.set(name, kind);
      if (schema === undefined) lintKnownFields(knownSourceFields[kind], config, sink, path);
      else checkShape(schema, config, sink, path);
      lintFilter(config, sink, path);
    }
  }
  lintRoutes(source, sink);
  if (events === 0) {
    sink.warn("SPEC_NEVER", ["spec"], {
      message: "this EventSource has no events",
      hint: 'add one, for example webhook: {example: {port: "12000", endpoint: /example, method: POST}}',
    });
  }
}

function lintEventName(name: string, sink: IssueSink, path: readonly string[]): void {
  if (name !== "" && name.length <= maxEventName) return;
  sink.error("SPEC_NAME", path, {
    message: name === "" ? "an event needs a name" : `event name is longer than ${maxEventName} characters`,
    hint: "sensors refer to the event by this name",
    key: true,
  });
}

/** `filter.expression`, which most kinds have. */
function lintFilter(config: Json, sink: IssueSink, path: readonly string[]): void {
  const filter = isObject(config) ? config["filter"] : undefined;
  const expression = isObject(filter) ? filter["expression"] : undefined;
  if (typeof expression === "string") lintExpr(sink, expression, [...path, "filter", "expression"]);
}

/** Two webhooks of one object on the same port, path and method: only one of them could be served. */
function lintRoutes({ spec }: EventSource, sink: IssueSink): void {
  const routes = new Map<string, string>();
  for (const [name, config] of Object.entries(spec.webhook ?? {})) {
    if (!isObject(config)) continue;
    const { port, endpoint, method } = config;
    if (typeof endpoint !== "string" || port === undefined) continue;
    const route = [String(port), endpoint, String(method ?? "").toUpperCase()].join(" ");
    const before = routes.get(route);
    if (before !== undefined) {
      sink.error("SPEC_CONFLICT", ["spec", "webhook", name], {
        message: `webhooks '${before}' and '${name}' have the same port, endpoint and method`,
        hint: "give one of the two another endpoint",
        key: true,
      });
    }
    routes.set(route, name);
  }
}
