import { EngineError } from "../errors.ts";
import type { Node } from "./state/node.ts";

export interface NodeSelector {
  matches(node: Node): boolean;
}

const fields: Readonly<Record<string, (node: Node) => string>> = {
  displayName: (node) => node.displayName,
  templateName: (node) => node.templateName,
  "templateRef.name": (node) => node.templateRef?.name ?? "",
  "templateRef.template": (node) => node.templateRef?.template ?? "",
  phase: (node) => node.phase,
  name: (node) => node.name,
  id: (node) => node.id,
};

/** Argo's node field selector: `displayName=approve,phase!=Failed`. Errors: ENGINE_SELECTOR_INVALID. */
export function parseSelector(text: string): NodeSelector {
  const tests = text
    .split(",")
    .filter((part) => part.trim() !== "")
    .map((part) => parsePart(text, part.trim()));
  if (tests.length === 0) throw EngineError.SELECTOR_INVALID({ selector: text, part: text });
  return { matches: (node) => tests.every((test) => test(node)) };
}

function parsePart(selector: string, part: string): (node: Node) => boolean {
  const match = /^([^=!]+?)\s*(!=|==?)\s*(.*)$/.exec(part);
  const [, field = "", operator = "", wanted = ""] = match ?? [];
  const read = readerOf(field);
  if (match === null || read === undefined) throw EngineError.SELECTOR_INVALID({ selector, part });
  return (node) => (read(node) === wanted) === (operator !== "!=");
}

function readerOf(field: string): ((node: Node) => string) | undefined {
  if (Object.hasOwn(fields, field)) return fields[field];
  const parameter = /^inputs\.parameters\.([^.]+)\.value$/.exec(field)?.[1];
  return parameter === undefined
    ? undefined
    : (node) => node.inputs?.find((p) => p.name === parameter)?.value ?? "";
}
