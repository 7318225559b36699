import { parseNodeSelector } from "@sluice/spec";
import { EngineError } from "../errors.ts";
import type { Node } from "./state/node.ts";

export interface NodeSelector {
  matches(node: Node): boolean;
}

/** Argo's node field selector: `displayName=approve,phase!=Failed`. Errors: ENGINE_SELECTOR_INVALID. */
export function parseSelector(text: string): NodeSelector {
  const parsed = parseNodeSelector(text);
  if ("invalid" in parsed) throw EngineError.SELECTOR_INVALID({ selector: text, part: parsed.invalid });
  return { matches: (node) => parsed.matches({ ...node, parameters: node.inputs }) };
}
