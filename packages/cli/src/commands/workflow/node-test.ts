import { parseNodeSelector } from "@sluice/spec";
import type { NodeStatus } from "../../client/workflow-object.ts";
import { CliError } from "../../errors.ts";

const phases = ["Pending", "Running", "Succeeded", "Skipped", "Failed", "Error", "Omitted"];

/** Which nodes `--status` and `--node-field-selector` show; undefined = all of them. Errors: CLI_USAGE. */
export function nodeTestOf({
  status,
  nodeFieldSelector,
}: {
  readonly status?: string;
  readonly nodeFieldSelector?: string;
}): ((node: NodeStatus) => boolean) | undefined {
  const tests: ((node: NodeStatus) => boolean)[] = [];
  if (status !== undefined) {
    const wanted = status.split(",").map((text) => text.trim().toLowerCase());
    const unknown = wanted.find((text) => !phases.some((phase) => phase.toLowerCase() === text));
    if (unknown !== undefined)
      throw CliError.USAGE({ problem: `--status takes ${phases.join(", ")}, not '${unknown}'` });
    tests.push((node) => wanted.includes(node.phase.toLowerCase()));
  }
  if (nodeFieldSelector !== undefined) {
    const parsed = parseNodeSelector(nodeFieldSelector);
    if ("invalid" in parsed)
      throw CliError.USAGE({
        problem: `--node-field-selector: '${parsed.invalid}' is none of displayName=…, templateName=…, templateRef.name=…, templateRef.template=…, phase=…, name=…, id=…, inputs.parameters.NAME.value=…`,
      });
    tests.push((node) => parsed.matches({ ...node, parameters: node.inputs?.parameters }));
  }
  return tests.length === 0 ? undefined : (node) => tests.every((test) => test(node));
}
