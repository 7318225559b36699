// Argo Server's stream of Kubernetes events, of workflows: there is no cluster's event log, they follow from the runs.
import type { WorkflowObject } from "@sluice/engine";
import type { ServerDeps } from "../../ports.ts";
import { fieldSelector } from "../../query/selector.ts";
import type { ApiRoute } from "../../route.ts";
import { type Happening, happeningsOf } from "./events-of.ts";

const fields = [
  "involvedObject.kind",
  "involvedObject.name",
  "involvedObject.namespace",
  "involvedObject.uid",
  "reason",
  "type",
] as const;

export const happeningRoutes = (deps: ServerDeps): readonly ApiRoute[] => [
  {
    method: "GET",
    path: "/api/v1/stream/events/:namespace",
    id: "watchKubernetesEvents",
    summary: "What happens to workflows, as Kubernetes events: first what happened so far, then what comes",
    query: { "listOptions.fieldSelector": "involvedObject.kind, involvedObject.name, reason or type" },
    streams: true,
    handle: (call) => {
      const matches = fieldSelector(call.query["listOptions.fieldSelector"], fields);
      return {
        kind: "stream",
        async write(out, signal) {
          const told = new Told();
          for await (const { type, object } of deps.runs.watch(call.params["namespace"], {}, signal)) {
            for (const one of type === "DELETED" ? told.forget(object) : told.fresh(object))
              if (matches(fieldsOf(one))) await out.send({ result: one });
          }
        },
      };
    },
  },
];

const fieldsOf = ({
  involvedObject,
  reason,
  type,
}: Happening): Readonly<Record<(typeof fields)[number], string>> => ({
  "involvedObject.kind": involvedObject.kind,
  "involvedObject.name": involvedObject.name,
  "involvedObject.namespace": involvedObject.namespace,
  "involvedObject.uid": involvedObject.uid,
  reason,
  type,
});

/** Which events of each run were told. */
class Told {
  readonly #names = new Map<string, Set<string>>();

  /** Those that were not told yet. */
  fresh(workflow: WorkflowObject): readonly Happening[] {
    const { uid } = workflow.metadata;
    const names = this.#names.get(uid) ?? new Set<string>();
    this.#names.set(uid, names);
    return happeningsOf(workflow).filter(({ metadata: { name } }) => !names.has(name) && names.add(name));
  }

  forget(workflow: WorkflowObject): readonly Happening[] {
    this.#names.delete(workflow.metadata.uid);
    return [];
  }
}
