import type { Path } from "../../issue.ts";
import type { WorkflowLint } from "./context.ts";

export const nameRule =
  "Parameter/Artifact name must consist of alpha-numeric characters, '_' or '-' e.g. my_param_1, MY-PARAM-1";

/** Names of a list of parameters or artifacts: there, well formed, each once. */
export function lintListNames(
  { sink }: WorkflowLint,
  list: readonly { readonly name: string }[],
  path: Path,
  title: string,
): void {
  const seen = new Set<string>();
  for (const [i, { name }] of list.entries()) {
    const at = [...path, i, "name"];
    const place = `${title}[${i}].name`;
    if (name === "") sink.error("SPEC_NAME", at, { message: `${place} is required`, hint: "give it a name" });
    else if (!/^[-a-zA-Z0-9_]+$/.test(name))
      sink.error("SPEC_NAME", at, {
        message: `${place}: '${name}' is invalid: ${nameRule}`,
        hint: "rename it",
      });
    else if (seen.has(name))
      sink.error("SPEC_NAME", at, {
        message: `${place} '${name}' is not unique`,
        hint: "rename one of the two",
      });
    seen.add(name);
  }
}
