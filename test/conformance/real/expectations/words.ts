// Words that expectations are made of.
import type { Expectation } from "../expectation.ts";
import type { Seen } from "../seen.ts";

export const hello: Expectation = { prints: { "*": "hello world" } };

export const input = (seen: Seen, node: string, name: string): string | undefined =>
  seen.node(node)?.inputs?.parameters?.find((p) => p.name === name)?.value;

export const output = (seen: Seen, node: string, name: string): string | undefined =>
  seen.node(node)?.outputs?.parameters?.find((p) => p.name === name)?.value;

export const wanted = (what: string, value: string | undefined, text: string): string | undefined =>
  value === text ? undefined : `${what} is ${JSON.stringify(value)}, not ${JSON.stringify(text)}`;

/** An output parameter of the workflow's own node. */
export const rootOutput = (seen: Seen, name: string): string | undefined =>
  seen.root?.outputs?.parameters?.find((p) => p.name === name)?.value;

/** One of the two ran, and the other was left out. */
export const either = (seen: Seen, a: string, b: string): string | undefined => {
  const phases = [seen.phaseOf(a), seen.phaseOf(b)];
  return phases.sort().join(" ") === "Skipped Succeeded"
    ? undefined
    : `${a} is ${seen.phaseOf(a)} and ${b} is ${seen.phaseOf(b)}: exactly one had to run`;
};
