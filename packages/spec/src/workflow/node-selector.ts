// Kubernetes' field selectors, and the fields of a workflow's node that Argo's `--node-field-selector` knows.

/** `read` gives a field's value; what it has no value for counts as "". */
export type FieldTest = (read: (field: string) => string | undefined) => boolean;

/** Requirements joined by commas, or the one that is none. `\,`, `\=` and `\\` stand for themselves in values. */
export function parseFieldSelector(
  text: string,
  isField: (field: string) => boolean,
): { readonly test: FieldTest; readonly count: number } | { readonly invalid: string } {
  const tests: FieldTest[] = [];
  for (const part of partsOf(text)) {
    const [, field = "", operator = "", value = ""] = /^([^=!]+?)\s*(!=|==?)\s*([\s\S]*)$/.exec(part) ?? [];
    if (operator === "" || !isField(field)) return { invalid: part };
    const wanted = value.replaceAll(/\\([\\,=])/g, "$1");
    tests.push((read) => ((read(field) ?? "") === wanted) === (operator !== "!="));
  }
  return { test: (read) => tests.every((test) => test(read)), count: tests.length };
}

const partsOf = (text: string): readonly string[] =>
  (text.match(/(?:\\[\s\S]|[^,\\])+/g) ?? []).map((part) => part.trim()).filter((part) => part !== "");

/** What a selector can see of a node. */
export interface SelectableNode {
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
  readonly phase: string;
  readonly templateName?: string | undefined;
  readonly templateRef?:
    | { readonly name?: string | undefined; readonly template?: string | undefined }
    | undefined;
  readonly parameters?: readonly { readonly name: string; readonly value?: string | undefined }[] | undefined;
}

const fields: Readonly<Record<string, (node: SelectableNode) => string | undefined>> = {
  displayName: (node) => node.displayName,
  templateName: (node) => node.templateName,
  "templateRef.name": (node) => node.templateRef?.name,
  "templateRef.template": (node) => node.templateRef?.template,
  phase: (node) => node.phase,
  name: (node) => node.name,
  id: (node) => node.id,
};
const parameterPattern = /^inputs\.parameters\.(.+)\.value$/;

/** `displayName=approve,phase!=Failed`; the keys are those of `fields` and `inputs.parameters.<name>.value`. */
export function parseNodeSelector(
  text: string,
): { readonly matches: (node: SelectableNode) => boolean } | { readonly invalid: string } {
  const parsed = parseFieldSelector(
    text,
    (field) => Object.hasOwn(fields, field) || parameterPattern.test(field),
  );
  if ("invalid" in parsed) return parsed;
  if (parsed.count === 0) return { invalid: text };
  return { matches: (node) => parsed.test((field) => fieldOf(node, field)) };
}

function fieldOf(node: SelectableNode, field: string): string | undefined {
  const parameter = parameterPattern.exec(field)?.[1];
  return parameter === undefined
    ? fields[field]?.(node)
    : node.parameters?.find(({ name }) => name === parameter)?.value;
}
