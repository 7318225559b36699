// PUT …/{name}/{stop,terminate,suspend,resume,set}; the verbs that start a new run come with their issue.
import { isObject } from "@sluice/base";
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
  const later = (name: string): ApiRoute =>
    verb(name, "Not there yet", () => Promise.reject(ServerError.NOT_YET({ what: `${name} of a workflow` })));
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
    later("retry"),
    later("resubmit"),
  ];
}

const field = (call: ApiCall, name: string): string | undefined => {
  const value = isObject(call.body) ? call.body[name] : undefined;
  return typeof value === "string" && value !== "" ? value : undefined;
};

const selectorOf = (call: ApiCall): { nodeFieldSelector?: string } => {
  const selector = field(call, "nodeFieldSelector");
  return selector === undefined ? {} : { nodeFieldSelector: selector };
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
