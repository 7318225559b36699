import { isForbiddenKey, isObject, type Json } from "@sluice/base";
import type { z } from "zod";
import { EventBusResource, EventSource } from "./events/event-source.ts";
import { Sensor } from "./events/sensor.ts";
import { type Issue, type IssueSink, inTextOrder, makeIssueSink } from "./issue.ts";
import { ConfigMap, Secret } from "./resources.ts";
import { checkShape } from "./schema/check.ts";
import { forgive } from "./schema/forgive.ts";
import { mended as mend } from "./schema/mend.ts";
import { didYouMean, listNames } from "./schema/nearest.ts";
import { WorkflowEventBinding } from "./workflow/event-binding.ts";
import { ClusterWorkflowTemplate, CronWorkflow, Workflow, WorkflowTemplate } from "./workflow/workflow.ts";
import { checkWorkflowTest, isWorkflowTest } from "./workflow-test/load.ts";
import { defaultLimits } from "./yaml/limits.ts";
import { type ParsedDocument, type ParseOptions, parseManifests } from "./yaml/parse.ts";

/** The kinds that Sluice reads, each with the schema of its whole object. */
export const manifestSchemas = {
  Workflow,
  WorkflowTemplate,
  ClusterWorkflowTemplate,
  CronWorkflow,
  WorkflowEventBinding,
  EventSource,
  Sensor,
  EventBus: EventBusResource,
  ConfigMap,
  Secret,
} as const;
export type ManifestKind = keyof typeof manifestSchemas;

/** Any object that Sluice reads, told apart by `kind`. */
export type Manifest = { [K in ManifestKind]: z.infer<(typeof manifestSchemas)[K]> }[ManifestKind];

/** A manifest that fits its schema, with the document it came from. */
export interface LoadedManifest {
  readonly manifest: Manifest;
  readonly document: ParsedDocument;
}

/** A manifest with the fields that do not fit left out or put right, for lint alone: what else is wrong is found at once. */
export interface MendedManifest extends LoadedManifest {
  /** What does not fit. */
  readonly wrong: readonly Issue[];
}

export interface LoadResult {
  readonly manifests: readonly LoadedManifest[];
  /** Documents that do not fit, as far as they can be read. Never to be applied. */
  readonly mended: readonly MendedManifest[];
  readonly issues: readonly Issue[];
}

export interface LoadOptions extends ParseOptions {
  /** Documents of other kinds are passed over, with all that is wrong with them. Default: all. */
  readonly kinds?: ReadonlySet<ManifestKind> | undefined;
  /** What is read in each document's place, with its positions. */
  readonly rewrite?: ((json: Json) => Json) | undefined;
}

/** Text to typed objects: every document that fits its schema, and everything that is wrong with the others. */
export function loadManifests(text: string, options: LoadOptions = {}): LoadResult {
  const { kinds, rewrite } = options;
  const parsed = parseManifests(text, options);
  const issues: Issue[] = [...parsed.issues];
  const manifests: LoadedManifest[] = [];
  const mended: MendedManifest[] = [];
  for (const written of parsed.documents) {
    const document = rewrite === undefined ? written : { ...written, json: rewrite(written.json) };
    const kind = isObject(document.json) ? document.json["kind"] : undefined;
    if (kinds !== undefined && !kinds.has(kind as ManifestKind)) continue;
    const loaded = loadManifest(document);
    issues.push(...loaded.issues);
    if (loaded.manifest !== undefined) manifests.push({ manifest: loaded.manifest, document });
    else if (loaded.mended !== undefined)
      mended.push({ manifest: loaded.mended, document, wrong: loaded.issues });
  }
  return { manifests, mended, issues };
}

/** One document to its typed object. Kinds that are not Sluice's give a warning and no manifest. */
export function loadManifest(document: ParsedDocument): {
  readonly manifest: Manifest | undefined;
  readonly mended?: Manifest | undefined;
  readonly issues: readonly Issue[];
} {
  const sink = makeIssueSink(document);
  // Tests lie beside what they test: they are read with it, and applied nowhere.
  if (isWorkflowTest(document.json))
    return { manifest: undefined, issues: checkWorkflowTest(document).issues };
  const schema = schemaOf(document.json, sink);
  if (schema === undefined) return { manifest: undefined, issues: inTextOrder(sink.issues) };
  const json = forgive(schema, document.json, sink);
  const manifest = checkShape(schema, json, sink) as Manifest | undefined;
  const issues = inTextOrder(sink.issues);
  const misplaced = issues.some(({ code }) => code === "SPEC_FIELD_MISPLACED");
  if (manifest !== undefined || misplaced) return { manifest, issues };
  return { manifest, mended: mend(schema, json)?.value as Manifest | undefined, issues };
}

/** The result of reading one object that came as JSON. */
export interface ReadResult<T> {
  readonly value: T | undefined;
  readonly issues: readonly Issue[];
}

/** Reads a Workflow that came as JSON (API bodies): issues have a path, but no position. */
export const parseWorkflow = (json: unknown): ReadResult<Workflow> => parseObject("Workflow", json);

/** Reads an object of a known kind that came as JSON. `apiVersion` and `kind` may be left out, as API bodies do. */
export function parseObject<K extends ManifestKind>(
  kind: K,
  json: unknown,
): ReadResult<z.infer<(typeof manifestSchemas)[K]>> {
  const sink = makeIssueSink({});
  const wrong = boundsOf(json);
  if (wrong !== undefined) {
    sink.error(wrong.code, [], { message: wrong.message, hint: "send a plain, flat JSON object" });
    return { value: undefined, issues: sink.issues };
  }
  const apiVersion = kind === "ConfigMap" || kind === "Secret" ? "v1" : "argoproj.io/v1alpha1";
  const whole = isObject(json) ? { apiVersion, kind, ...json } : json;
  const schema = manifestSchemas[kind] as z.ZodType;
  const value = checkShape(schema, forgive(schema, whole as Json, sink), sink);
  return { value: value as z.infer<(typeof manifestSchemas)[K]> | undefined, issues: sink.issues };
}

function schemaOf(json: Json, sink: IssueSink): z.ZodType | undefined {
  if (!isObject(json)) {
    sink.error("SPEC_TYPE", [], {
      message: "a manifest must be a map with apiVersion, kind, metadata and spec",
      hint: "start the document with 'apiVersion: argoproj.io/v1alpha1'",
    });
    return undefined;
  }
  const { kind, apiVersion } = json;
  const names = Object.keys(manifestSchemas);
  if (typeof kind !== "string" || typeof apiVersion !== "string") {
    const field = typeof kind === "string" ? "apiVersion" : "kind";
    const hint = field === "kind" ? `kinds: ${listNames(names)}` : "write 'apiVersion: argoproj.io/v1alpha1'";
    sink.error("SPEC_FIELD_MISSING", [field], { message: `'${field}' is required and must be a text`, hint });
    return undefined;
  }
  if (Object.hasOwn(manifestSchemas, kind)) return manifestSchemas[kind as ManifestKind];
  if (apiVersion.startsWith("argoproj.io/")) {
    const hint = didYouMean(kind, names, `kinds: ${listNames(names)}`);
    sink.error("SPEC_KIND_UNKNOWN", ["kind"], { message: `no kind '${kind}' in ${apiVersion}`, hint });
  } else {
    sink.warn("SPEC_KIND_SKIPPED", ["kind"], {
      message: `${apiVersion} ${kind} is not one of Sluice's kinds: skipped`,
      hint: "apply it with kubectl where a step needs it",
    });
  }
  return undefined;
}

/** Depth and keys of a value from outside, walked without recursion. */
function boundsOf(json: unknown): { code: "SPEC_LIMIT" | "SPEC_KEY_FORBIDDEN"; message: string } | undefined {
  const stack: { readonly value: unknown; readonly depth: number }[] = [{ value: json, depth: 0 }];
  let nodes = 0;
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    nodes += 1;
    if (top.depth > defaultLimits.maxDepth || nodes > defaultLimits.maxNodes) {
      return { code: "SPEC_LIMIT", message: "the object is too deep or too large" };
    }
    if (typeof top.value !== "object" || top.value === null) continue;
    for (const [key, value] of Object.entries(top.value)) {
      if (isForbiddenKey(key)) return { code: "SPEC_KEY_FORBIDDEN", message: `key '${key}' is refused` };
      stack.push({ value, depth: top.depth + 1 });
    }
  }
  return undefined;
}

/** Name of a manifest as messages say it: `Sensor 'a'`. */
export const titleOf = (manifest: Manifest): string =>
  `${manifest.kind} '${manifest.metadata.name ?? manifest.metadata.generateName ?? ""}'`;
