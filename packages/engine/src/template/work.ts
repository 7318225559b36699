// What a leaf has done, with no tag left in it.
import { isObject } from "@sluice/base";
import { artifactPathsOf, type ResourceTemplate, type Script, type Template } from "@sluice/spec";
import { EngineError } from "../errors.ts";
import type { ArtifactInput } from "../executor/artifacts.ts";
import type { StepWork } from "../executor/work.ts";
import { conditionOf, renderDeep, renderText, textWithData } from "../values/language.ts";
import type { Scope } from "../values/scope.ts";
import { keyOf, locationOf, withKey } from "./artifact-location.ts";
import { artifactInput } from "./artifact-request.ts";

function dataWork({ source, transformation }: NonNullable<Template["data"]>, scope: Scope): StepWork {
  const from = artifactPathsOf(source);
  if (!from.success)
    throw EngineError.TEMPLATE_INVALID({ reason: "data.source.artifactPaths is no artifact" });
  const location = locationOf(from.data);
  const key = location === undefined ? undefined : keyOf(renderDeep(location, scope));
  return {
    kind: "data",
    key: key === undefined ? "" : withKey(key).s3.key,
    transformation: transformation.map(({ expression }) => conditionOf(expression, scope)),
  };
}

function resourceWork(resource: ResourceTemplate, outputs: Template["outputs"], scope: Scope): StepWork {
  const { manifest, manifestFrom, successCondition, failureCondition, ...rest } = resource;
  const parameters = renderDeep(outputs?.parameters ?? [], scope);
  return {
    kind: "resource",
    resource: renderDeep(rest, scope),
    ...(manifest === undefined || manifest === "" ? {} : { manifest: textWithData(manifest, scope) }),
    ...(manifestFrom === undefined ? {} : { manifestFrom: manifestInput(manifestFrom, scope) }),
    ...(successCondition === undefined ? {} : { success: textWithData(successCondition, scope) }),
    ...(failureCondition === undefined ? {} : { failure: textWithData(failureCondition, scope) }),
    outputs: parameters.flatMap(({ name, valueFrom }) =>
      valueFrom?.jsonPath === undefined && valueFrom?.jqFilter === undefined
        ? []
        : [
            {
              name,
              ...(valueFrom.jsonPath === undefined ? {} : { jsonPath: valueFrom.jsonPath }),
              ...(valueFrom.jqFilter === undefined ? {} : { jqFilter: valueFrom.jqFilter }),
            },
          ],
    ),
  };
}

/** A script without a source is a container: there is no file to hand to its command, as in Argo. */
function scriptWork(script: Script): StepWork {
  const { source, ...container } = script;
  return source === "" ? { kind: "container", container } : { kind: "script", script };
}

/** The input artifact that `manifestFrom` names. */
function manifestInput(
  manifestFrom: NonNullable<ResourceTemplate["manifestFrom"]>,
  scope: Scope,
): ArtifactInput {
  const named = manifestFrom["artifact"];
  const name = isObject(named) && typeof named["name"] === "string" ? renderText(named["name"], scope) : "";
  const artifact = scope.artifact(`inputs.artifacts.${name}`);
  const input = artifact == null ? undefined : artifactInput({ path: "/tmp/manifest", ...artifact });
  if (input === undefined)
    throw EngineError.TEMPLATE_INVALID({
      reason: `artifact ${name} in \`manifestFrom\` refer to a non-exist artifact`,
    });
  return input;
}

/** The work of a leaf template. Errors: ENGINE_TEMPLATE_INVALID, ENGINE_VALUE_UNRESOLVED, those of expressions. */
export function workOf(template: Template, scope: Scope): StepWork {
  const { container, script, containerSet, http, resource, data } = template;
  if (script !== undefined) return scriptWork(renderDeep(script, scope));
  if (container !== undefined) return { kind: "container", container: renderDeep(container, scope) };
  if (containerSet !== undefined)
    return { kind: "containerSet", containerSet: renderDeep(containerSet, scope) };
  if (resource !== undefined) return resourceWork(resource, template.outputs, scope);
  if (data !== undefined) return dataWork(data, scope);
  if (http !== undefined) {
    const { successCondition, ...request } = http;
    return {
      kind: "http",
      http: renderDeep(request, scope),
      ...(successCondition === undefined || successCondition === ""
        ? {}
        : { success: conditionOf(successCondition, scope) }),
    };
  }
  throw EngineError.TEMPLATE_INVALID({ reason: `template '${template.name ?? ""}' has nothing to run` });
}
