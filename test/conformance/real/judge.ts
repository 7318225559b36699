import type { Expectation } from "./expectation.ts";
import type { Seen } from "./seen.ts";

/** Everything that is not as it should be; empty when all is. */
export function judge(seen: Seen, phases: readonly string[], expected: Expectation): readonly string[] {
  const wrong: string[] = [];
  const { status } = seen.workflow;
  if (!phases.includes(status.phase))
    wrong.push(
      `phase ${status.phase}${status.message === undefined ? "" : ` (${status.message})`}, not ${phases.join(" or ")}`,
    );
  const open = seen.nodes.filter((node) => node.finishedAt == null);
  if (open.length > 0) wrong.push(`nodes without an end: ${open.map((n) => n.displayName).join(", ")}`);
  if (expected.message?.test(status.message ?? "") === false)
    wrong.push(`message '${status.message ?? ""}' does not fit ${expected.message}`);
  wrong.push(...judgeNodes(seen, expected), ...judgeTexts(seen, expected));
  if (expected.leastSeconds !== undefined && seen.seconds < expected.leastSeconds)
    wrong.push(`it took ${seen.seconds} s, less than ${expected.leastSeconds}`);
  if (expected.atOnce !== undefined && seen.atOnce() > expected.atOnce)
    wrong.push(`${seen.atOnce()} leaves ran at once, more than ${expected.atOnce}`);
  const verdict = expected.judge?.(seen);
  return verdict === undefined ? wrong : [...wrong, verdict];
}

function judgeNodes(seen: Seen, expected: Expectation): readonly string[] {
  const wrong: string[] = [];
  const shown = seen.nodes.map((n) => `${n.displayName} ${n.type} ${n.phase} ${n.message ?? ""}`);
  for (const line of expected.nodes ?? [])
    if (!shown.some((text) => text.startsWith(line))) wrong.push(`no node '${line}'`);
  for (const name of expected.absent ?? [])
    if (seen.nodes.some((n) => n.displayName === name)) wrong.push(`a node '${name}'`);
  for (const [type, count] of Object.entries(expected.count ?? {})) {
    const found = seen.nodes.filter((n) => n.type === type).length;
    if (found !== count) wrong.push(`${found} nodes of type ${type}, not ${count}`);
  }
  return wrong;
}

function judgeTexts(seen: Seen, expected: Expectation): readonly string[] {
  const wrong: string[] = [];
  const fits = (text: string | undefined, want: string | RegExp) =>
    typeof want === "string" ? text === want : want.test(text ?? "");
  for (const [node, want] of Object.entries(expected.prints ?? {}))
    if (!seen.lines.some((line) => (node === "*" || line.node === node) && fits(line.text, want)))
      wrong.push(`${node === "*" ? "no node" : `'${node}' has not`} printed ${String(want)}`);
  for (const [name, want] of Object.entries(expected.outputs ?? {})) {
    const value = seen.workflow.status.outputs?.parameters?.find((p) => p.name === name)?.value;
    if (!fits(value, want)) wrong.push(`output '${name}' is ${JSON.stringify(value)}, not ${String(want)}`);
  }
  for (const [name, want] of Object.entries(expected.labels ?? {}))
    if (seen.workflow.metadata.labels?.[name] !== want)
      wrong.push(`label '${name}' is '${seen.workflow.metadata.labels?.[name]}', not '${want}'`);
  return wrong;
}
