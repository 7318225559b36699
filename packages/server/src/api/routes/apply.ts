// POST apply: text of manifests in, stored definitions out. All or nothing: one wrong document stores none.
import { type AppError, isObject } from "@sluice/base";
import {
  type Issue,
  inTextOrder,
  type LoadedManifest,
  lintManifests,
  loadManifests,
  requireNoErrors,
  titleOf,
} from "@sluice/spec";
import { ServerError } from "../../errors.ts";
import type { ServerDeps } from "../ports.ts";
import { type ApiCall, type ApiRoute, json } from "../route.ts";
import { lintOptions } from "./definitions/known.ts";
import { storable } from "./definitions/object.ts";

export interface Applied {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly outcome: "created" | "configured" | "unchanged" | "accepted";
  readonly generation?: number;
}

export function applyRoutes(deps: ServerDeps): readonly ApiRoute[] {
  return [
    {
      method: "POST",
      path: "/api/v1/sluice/apply",
      id: "apply",
      summary:
        "Store EventSources, Sensors, CronWorkflows, templates, Secrets and ConfigMaps; the body is YAML, or JSON with `manifests`",
      query: { namespace: "for manifests that name none; default 'default'" },
      yaml: true,
      body: {
        type: "object",
        required: ["manifests"],
        properties: {
          manifests: { type: "string", description: "YAML documents" },
          file: { type: "string", maxLength: 4096, description: "the name that issues show" },
        },
      },
      handle: (call) => apply(deps, call),
    },
  ];
}

async function apply(deps: ServerDeps, call: ApiCall) {
  const { text, file } = manifestText(call.body);
  const namespace = call.query["namespace"] ?? "default";
  const loaded = loadManifests(text, file === undefined ? {} : { file });
  const manifests = loaded.manifests.map(({ manifest }) => manifest);
  // What a template or sensor refers to may be applied after it.
  const { known, ...rest } = await lintOptions(deps, namespace, manifests);
  const options = {
    ...rest,
    purpose: "apply" as const,
    ...(known === undefined ? {} : { known: { ...known, complete: false } }),
  };
  const issues: readonly Issue[] = inTextOrder([
    ...loaded.issues,
    ...lintManifests([...loaded.manifests, ...loaded.mended], options),
  ]);
  requireNoErrors(issues);
  // Refused kinds are found before anything is stored.
  for (const { manifest } of loaded.manifests) {
    const refused = refusalOf(deps, manifest);
    if (refused !== undefined) throw refused;
  }
  const results: Applied[] = [];
  for (const loadedManifest of loaded.manifests) results.push(await store(deps, loadedManifest, namespace));
  return json({ results, warnings: issues });
}

function manifestText(body: unknown): { readonly text: string; readonly file?: string } {
  if (typeof body === "string") return { text: body };
  const { manifests, file } = isObject(body) ? body : {};
  if (typeof manifests !== "string")
    throw ServerError.REQUEST_INVALID({ where: "manifests", reason: "wanted YAML text" });
  return { text: manifests, ...(typeof file === "string" ? { file } : {}) };
}

function refusalOf(deps: ServerDeps, manifest: LoadedManifest["manifest"]): AppError | undefined {
  switch (manifest.kind) {
    case "EventSource":
    case "Sensor":
    case "EventBus":
    case "CronWorkflow":
    case "WorkflowTemplate":
    case "ClusterWorkflowTemplate":
    case "WorkflowEventBinding":
      return undefined;
    case "Secret":
    case "ConfigMap":
      return deps.references === undefined
        ? ServerError.NOT_YET({ what: `applying a ${titleOf(manifest)} here` })
        : undefined;
    case "Workflow":
      return ServerError.REQUEST_INVALID({
        where: titleOf(manifest),
        reason: "a Workflow is not applied but submitted: `sluice submit FILE`",
      });
  }
}

async function store(deps: ServerDeps, { manifest }: LoadedManifest, fallback: string): Promise<Applied> {
  const isCluster = manifest.kind === "ClusterWorkflowTemplate";
  const namespace = isCluster ? "" : (manifest.metadata.namespace ?? fallback);
  const at = { kind: manifest.kind, namespace, name: manifest.metadata.name ?? "" };
  if (manifest.kind === "Secret" || manifest.kind === "ConfigMap") {
    await deps.references?.put(manifest.kind, namespace, at.name, manifest);
    if (manifest.kind === "Secret") return { ...at, outcome: "accepted" };
  }
  // The bus is configured where Sluice is started; the object is taken so that existing folders apply as they are.
  if (manifest.kind === "EventBus") return { ...at, outcome: "accepted" };
  const { resource, outcome } = await deps.stores.resources.apply(
    at.kind,
    namespace,
    at.name,
    storable(manifest),
  );
  deps.log.info("manifest applied", { kind: at.kind, namespace, name: at.name, outcome });
  return { ...at, outcome, generation: resource.generation };
}
