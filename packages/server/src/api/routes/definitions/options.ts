import { isForbiddenKey, isObject } from "@sluice/base";
import { ServerError } from "../../../errors.ts";

/** A workflow before it is checked. */
export interface Draft {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly spec: Readonly<Record<string, unknown>>;
}

/** Puts Argo's `submitOptions` into a workflow. Errors: SERVER_REQUEST_INVALID. */
export function withOptions(draft: Draft, options: Readonly<Record<string, unknown>>): Draft {
  const metadata: Record<string, unknown> = { ...draft.metadata };
  const spec: Record<string, unknown> = { ...draft.spec };
  const generateName = textOf(options, "generateName");
  const name = textOf(options, "name");
  if (generateName !== undefined) metadata["generateName"] = generateName;
  if (name !== undefined) {
    metadata["name"] = name;
    delete metadata["generateName"];
  }
  for (const field of ["labels", "annotations"] as const) {
    const given = textOf(options, field);
    if (given === undefined) continue;
    metadata[field] = { ...mapOf(metadata[field]), ...pairsOf(field, given.split(",")) };
  }
  const entrypoint = textOf(options, "entryPoint") ?? textOf(options, "entrypoint");
  if (entrypoint !== undefined) spec["entrypoint"] = entrypoint;
  const account = textOf(options, "serviceAccount");
  if (account !== undefined) spec["serviceAccountName"] = account;
  const priorityClass = textOf(options, "podPriorityClassName");
  if (priorityClass !== undefined) spec["podPriorityClassName"] = priorityClass;
  if (options["priority"] !== undefined && options["priority"] !== null)
    spec["priority"] = options["priority"];
  const parameters = listOf(options["parameters"]);
  if (parameters.length > 0)
    spec["arguments"] = withParameters(spec["arguments"], pairsOf("parameters", parameters));
  return { metadata, spec };
}

const invalid = (where: string, reason: string) =>
  ServerError.REQUEST_INVALID({ where: `submitOptions.${where}`, reason });

function textOf(options: Readonly<Record<string, unknown>>, field: string): string | undefined {
  const value = options[field];
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value !== "string") throw invalid(field, "wanted a text");
  return value;
}

const mapOf = (value: unknown): Record<string, unknown> => (isObject(value) ? value : {});

function listOf(value: unknown): readonly string[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.every((one): one is string => typeof one === "string")) return value;
  throw invalid("parameters", "wanted a list of texts 'name=value'");
}

function pairsOf(where: string, pairs: readonly string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const pair of pairs) {
    const equals = pair.indexOf("=");
    const name = pair.slice(0, Math.max(equals, 0)).trim();
    if (equals < 1 || isForbiddenKey(name)) throw invalid(where, `'${pair.slice(0, 100)}' is no name=value`);
    values[name] = pair.slice(equals + 1);
  }
  return values;
}

/** A given parameter takes the place of one that is there, with its `valueFrom`, or is added. */
function withParameters(before: unknown, given: Readonly<Record<string, string>>): unknown {
  const args = mapOf(before);
  const there = Array.isArray(args["parameters"]) ? args["parameters"].filter(isObject) : [];
  const names = new Set(there.map((one) => one["name"]));
  const known = there.map((one) => {
    const name = String(one["name"]);
    if (!Object.hasOwn(given, name)) return one;
    const { valueFrom: _, ...rest } = one;
    return { ...rest, value: given[name] };
  });
  const added = Object.entries(given).flatMap(([name, value]) => (names.has(name) ? [] : [{ name, value }]));
  return { ...args, parameters: [...known, ...added] };
}
