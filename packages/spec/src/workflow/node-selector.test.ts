import { describe, expect, test } from "vitest";
import { parseFieldSelector, parseNodeSelector, type SelectableNode } from "./node-selector.ts";

const node: SelectableNode = {
  id: "wf-1",
  name: "wf[0].approve",
  displayName: "approve",
  phase: "Running",
  templateName: "gate",
  templateRef: { name: "lib", template: "gate" },
  parameters: [{ name: "to", value: "a,b=c" }, { name: "none" }],
};

describe("a selector of nodes", () => {
  test("compares, and joins with and", () => {
    const takes = (text: string) => {
      const parsed = parseNodeSelector(text);
      return "matches" in parsed && parsed.matches(node);
    };

    expect(takes("displayName==approve , phase != Failed")).toBe(true);
    expect(takes("displayName=approve,phase=Failed")).toBe(false);
    expect(takes("templateRef.name=lib,templateRef.template=gate,templateName=gate,id=wf-1")).toBe(true);
    expect(takes("inputs.parameters.to.value=a\\,b\\=c")).toBe(true);
    expect(takes("inputs.parameters.to.value!=a\\,b\\=c")).toBe(false);
    expect(takes("inputs.parameters.none.value=,inputs.parameters.absent.value=")).toBe(true);
    expect(takes("name=wf[0].approve")).toBe(true);
  });

  test.each([
    ["", ""],
    [",", ","],
    ["approve", "approve"],
    ["displayName=a,colour=red", "colour=red"],
    ["__proto__=x", "__proto__=x"],
    ["inputs.parameters.value=x", "inputs.parameters.value=x"],
  ])("'%s' is refused at '%s'", (text, part) => expect(parseNodeSelector(text)).toEqual({ invalid: part }));
});

test("a selector of fields that says nothing takes all", () => {
  const parsed = parseFieldSelector("", () => true);

  expect("test" in parsed && parsed.test(() => undefined)).toBe(true);
});
