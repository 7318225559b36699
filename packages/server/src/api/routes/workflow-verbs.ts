// PUT …/{name}/{stop,terminate,suspend,resume,set,retry,resubmit}.
import { isObject } from "@sluice/base";
import type { WorkflowObject } from "@sluice/engine";
import { ServerError } from "../../errors.ts";
import type { ServerDeps } from "../ports.ts";
import { type ApiCall, type ApiRoute, json } from "../route.ts";
import { existing, keyOf } from "./workflows.ts";

const verbBody = {
  type: "object",
  properties: {
    name: { type: "string" },
    namespace: { type: "string" },
    nodeFieldSelector: { type: "string", maxLength: 4096 },
    message: { type: "string", maxLength: 65536 },
  },
};

const setBody = {
  type: "object",
  required: ["nodeFieldSelector"],
  properties: {
    ...verbBody.properties,
    /** As in Argo, a JSON text of `{name: value}`. */
    outputParameters: { type: "string", maxLength: 1048576 },
    phase: { type: "string" },
  },
};

export const againBody = {
  type: "object",
  properties: {
    ...verbBody.properties,
    restartSuccessful: { type: "boolean" },
    memoized: { type: "boolean" },
    priority: { type: "integer", minimum: -2147483648, maximum: 2147483647 },
    /** As in Argo, texts of `name=value`. */
    parameters: { type: "array", maxItems: 1_000, items: { type: "string", maxLength: 1048576 } },
  },
};

type Verb = (call: ApiCall) => Promise<void>;

export function workflowVerbRoutes(deps: ServerDeps): readonly ApiRoute[] {
  const { runs } = deps;
  const verb = (name: string, summary: string, run: Verb, body: ApiRoute["body"] = verbBody): ApiRoute => ({
    method: "PUT",
    path: `/api/v1/workflows/:namespace/:name/${name}`,
    id: `${name}Workflow`,
    summary,
    body: body ?? verbBody,
    handle: async (call) => {
      await run(call);
      return json(await existing(deps, call));
    },
  });
  const again = (
    name: string,
    summary: string,
    run: (call: ApiCall) => Promise<WorkflowObject>,
  ): ApiRoute => ({
    method: "PUT",
    path: `/api/v1/workflows/:namespace/:name/${name}`,
    id: `${name}Workflow`,
    summary,
    body: againBody,
    handle: async (call) => json(await run(call)),
  });
  return [
    verb("stop", "Stop: running steps end, exit handlers run", (call) =>
      runs.stop(keyOf(call), { by: call.user, ...messageOf(call), ...selectorOf(call) }),
    ),
    verb("terminate", "Terminate: everything ends, no exit handlers", (call) =>
      runs.terminate(keyOf(call), { by: call.user, ...messageOf(call) }),
    ),
    verb("suspend", "Start no new steps", (call) => runs.suspend(keyOf(call), { by: call.user })),
    verb("resume", "Go on; with nodeFieldSelector, only the suspend nodes that match", (call) =>
      runs.resume(keyOf(call), { by: call.user, ...selectorOf(call) }),
    ),
    verb(
      "set",
      "Give a waiting suspend node its outputs or phase",
      (call) => runs.set(keyOf(call), { by: call.user, ...setOptions(call) }),
      setBody,
    ),
    again("retry", "Go on with a workflow that failed: what went well stays", (call) =>
      runs.retry(keyOf(call), retryOptions(call)),
    ),
    again("resubmit", "Another workflow of the same manifest; memoized takes over what went well", (call) =>
      runs.resubmit(keyOf(call), resubmitOptions(call)),
    ),
  ];
}

/** Of a body that was checked against `againBody`. Errors: SERVER_REQUEST_INVALID. */
export const retryOptions = (call: ApiCall) => ({
  by: call.user,
  restartSuccessful: flag(call, "restartSuccessful"),
  ...selectorOf(call),
  ...parameterList(call),
});

/** The same. */
export const resubmitOptions = (call: ApiCall) => ({
  by: call.user,
  memoized: flag(call, "memoized"),
  ...parameterList(call),
  ...priorityOf(call),
});

const field = (call: ApiCall, name: string): string | undefined => {
  const value = isObject(call.body) ? call.body[name] : undefined;
  return typeof value === "string" && value !== "" ? value : undefined;
};

const selectorOf = (call: ApiCall): { nodeFieldSelector?: string } => {
  const selector = field(call, "nodeFieldSelector");
  return selector === undefined ? {} : { nodeFieldSelector: selector };
};

const flag = (call: ApiCall, name: string): boolean => isObject(call.body) && call.body[name] === true;

function parameterList(call: ApiCall): { parameters?: Readonly<Record<string, string>> } {
  const list = isObject(call.body) ? call.body["parameters"] : undefined;
  if (!Array.isArray(list)) return {};
  const pairs = list.map((text) => {
    const at = String(text).indexOf("=");
    if (at < 1)
      throw ServerError.REQUEST_INVALID({
        where: "parameters",
        reason: `'${String(text).slice(0, 80)}' is not name=value`,
      });
    return [String(text).slice(0, at), String(text).slice(at + 1)] as const;
  });
  return { parameters: Object.fromEntries(pairs) };
}

const priorityOf = (call: ApiCall): { priority?: number } => {
  const priority = isObject(call.body) ? call.body["priority"] : undefined;
  return typeof priority === "number" ? { priority } : {};
};

const messageOf = (call: ApiCall): { message?: string } => {
  const message = field(call, "message");
  return message === undefined ? {} : { message };
};

const phases = ["Succeeded", "Failed", "Error"] as const;

function setOptions(call: ApiCall) {
  const phaseText = field(call, "phase");
  const phase = phases.find((known) => known === phaseText);
  if (phaseText !== undefined && phase === undefined) {
    throw ServerError.REQUEST_INVALID({
      where: "phase",
      reason: `'${phaseText.slice(0, 32)}' is none of ${phases.join(", ")}`,
    });
  }
  const parameters = parametersOf(field(call, "outputParameters"));
  return {
    nodeFieldSelector: field(call, "nodeFieldSelector") ?? "",
    ...messageOf(call),
    ...(phase === undefined ? {} : { phase }),
    ...(parameters === undefined ? {} : { outputParameters: parameters }),
  };
}

function parametersOf(text: string | undefined): Readonly<Record<string, string>> | undefined {
  if (text === undefined) return undefined;
  const invalid = (reason: string) => ServerError.REQUEST_INVALID({ where: "outputParameters", reason });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid("is not JSON");
  }
  if (!isObject(value)) throw invalid("is no JSON object of texts");
  return Object.fromEntries(
    Object.entries(value).map(([name, given]) => [
      name,
      typeof given === "string" ? given : JSON.stringify(given),
    ]),
  );
}
