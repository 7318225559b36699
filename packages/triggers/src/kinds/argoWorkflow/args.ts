import { isObject, type Json, type JsonObject } from "@sluice/base";
import { TriggerError } from "../../errors.ts";

interface SubmitFlags {
  readonly parameters: Map<string, string>;
  readonly labels: Map<string, string>;
  name?: string;
  generateName?: string;
  entrypoint?: string;
  serviceAccount?: string;
  namespace?: string;
}

const spelled: Readonly<Record<string, string>> = {
  "-p": "parameter",
  "--parameter": "parameter",
  "-l": "labels",
  "--labels": "labels",
  "--name": "name",
  "--generate-name": "generateName",
  "--entrypoint": "entrypoint",
  "--serviceaccount": "serviceAccount",
  "-n": "namespace",
  "--namespace": "namespace",
};

const unsupported = (value: string) =>
  TriggerError.UNSUPPORTED({
    kind: "argoWorkflow",
    field: "args",
    value: value.slice(0, 200),
    supported: "-p name=value, -l key=value, --name, --generate-name, --entrypoint, --serviceaccount, -n",
  });

/** Reads flags of `argo submit`. The value stands in the same argument after `=`, or in the next one. */
function readFlags(args: readonly string[]): SubmitFlags {
  const flags: SubmitFlags = { parameters: new Map(), labels: new Map() };
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? "";
    const equals = arg.startsWith("--") ? arg.indexOf("=") : -1;
    const spelling = equals < 0 ? arg : arg.slice(0, equals);
    const flag = Object.hasOwn(spelled, spelling) ? spelled[spelling] : undefined;
    const value = equals < 0 ? args[++i] : arg.slice(equals + 1);
    if (flag === undefined || value === undefined) throw unsupported(arg);
    setFlag(flags, flag, value);
  }
  return flags;
}

function setFlag(flags: SubmitFlags, flag: string, value: string): void {
  switch (flag) {
    case "parameter":
      setPair(flags.parameters, value);
      return;
    case "labels":
      for (const pair of value.split(",")) setPair(flags.labels, pair);
      return;
    default:
      flags[flag as "name" | "generateName" | "entrypoint" | "serviceAccount" | "namespace"] = value;
  }
}

function setPair(into: Map<string, string>, pair: string): void {
  const equals = pair.indexOf("=");
  if (equals < 1) throw unsupported(pair);
  into.set(pair.slice(0, equals), pair.slice(equals + 1));
}

const objectAt = (parent: JsonObject, key: string): JsonObject => {
  const value = parent[key];
  return isObject(value) ? (value as JsonObject) : {};
};

/** The workflow as `argo submit ARGS` would send it. Errors: TRIGGER_UNSUPPORTED for a flag that is not known. */
export function applyArgs(workflow: JsonObject, args: readonly string[]): JsonObject {
  if (args.length === 0) return workflow;
  const flags = readFlags(args);
  const { name: oldName, generateName: oldPrefix, ...metadata } = objectAt(workflow, "metadata");
  const spec = objectAt(workflow, "spec");
  const named: JsonObject =
    flags.name === undefined && flags.generateName === undefined
      ? {
          ...(oldName === undefined ? {} : { name: oldName }),
          ...(oldPrefix === undefined ? {} : { generateName: oldPrefix }),
        }
      : {
          ...(flags.name === undefined
            ? { generateName: flags.generateName as string }
            : { name: flags.name }),
        };
  const labels =
    flags.labels.size === 0
      ? {}
      : { labels: { ...objectAt(metadata, "labels"), ...Object.fromEntries(flags.labels) } };
  return {
    ...workflow,
    metadata: {
      ...metadata,
      ...named,
      ...labels,
      ...(flags.namespace === undefined ? {} : { namespace: flags.namespace }),
    },
    spec: {
      ...spec,
      ...(flags.entrypoint === undefined ? {} : { entrypoint: flags.entrypoint }),
      ...(flags.serviceAccount === undefined ? {} : { serviceAccountName: flags.serviceAccount }),
      ...(flags.parameters.size === 0
        ? {}
        : { arguments: withParameters(objectAt(spec, "arguments"), flags.parameters) }),
    },
  };
}

/** A parameter given on the command line takes the place of the workflow's own, or is added. */
function withParameters(args: JsonObject, given: ReadonlyMap<string, string>): JsonObject {
  const own = Array.isArray(args["parameters"]) ? (args["parameters"] as readonly Json[]) : [];
  const nameOf = (p: Json) => (isObject(p) && typeof p["name"] === "string" ? p["name"] : "");
  const kept = own.filter((p) => !given.has(nameOf(p)));
  return { ...args, parameters: [...kept, ...[...given].map(([name, value]) => ({ name, value }))] };
}
