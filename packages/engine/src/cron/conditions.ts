// `when` and `stopStrategy.expression`, and what they see.
import { GoTime } from "@sluice/expr";
import { evaluateCondition, renderText } from "../values/language.ts";
import { emptyMap, Scope, type ScopePart } from "../values/scope.ts";
import type { CronDefinition } from "./definition.ts";
import type { CronState } from "./state.ts";

/** Whether the instant is run. Errors: those of expressions. */
export function evaluateCronWhen(definition: CronDefinition, state: CronState, now: number): boolean {
  const text = definition.manifest.spec.when;
  if (text === undefined || text.trim() === "") return true;
  const scope = cronScope(definition, state, now);
  // An expression tag is rendered first; what is left is an expression again, as in Argo.
  return evaluateCondition(text.includes("{{=") ? renderText(text, scope) : text, scope);
}

/** Whether it has run enough. Errors: those of expressions. */
export function evaluateStop(definition: CronDefinition, state: CronState, now: number): boolean {
  const text = definition.manifest.spec.stopStrategy?.expression;
  if (text === undefined || text.trim() === "") return false;
  return evaluateCondition(text, cronScope(definition, state, now));
}

const cronScope = (definition: CronDefinition, state: CronState, now: number): Scope =>
  new Scope(now, cronPart(definition, state));

function cronPart({ namespace, name, manifest }: CronDefinition, state: CronState): ScopePart {
  const { labels = {}, annotations = {} } = manifest.metadata;
  const last = state.lastScheduled === undefined ? null : new GoTime(state.lastScheduled);
  const texts: Readonly<Record<string, string>> = {
    name,
    namespace,
    labels: JSON.stringify(labels),
    "labels.json": JSON.stringify(labels),
    annotations: JSON.stringify(annotations),
    "annotations.json": JSON.stringify(annotations),
    lastScheduledTime: last === null ? "<nil>" : last.rfc3339(),
    failed: String(state.failed),
    succeeded: String(state.succeeded),
  };
  return {
    lookup: (key) => {
      const path = key.startsWith("cronworkflow.") ? key.slice("cronworkflow.".length) : undefined;
      if (path === undefined) return undefined;
      if (Object.hasOwn(texts, path)) return texts[path];
      if (path.startsWith("labels.")) return own(labels, path.slice("labels.".length));
      return path.startsWith("annotations.")
        ? own(annotations, path.slice("annotations.".length))
        : undefined;
    },
    fill: (env) => {
      env["cronworkflow"] = Object.assign(emptyMap(), {
        name,
        namespace,
        labels: Object.assign(emptyMap(), labels, { json: texts["labels.json"] }),
        annotations: Object.assign(emptyMap(), annotations, { json: texts["annotations.json"] }),
        lastScheduledTime: last,
        failed: state.failed,
        succeeded: state.succeeded,
      });
    },
  };
}

const own = (map: Readonly<Record<string, string>>, key: string): string | undefined =>
  Object.hasOwn(map, key) ? map[key] : undefined;
