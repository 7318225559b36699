import { describe, expect, it } from "vitest";
import { compileJsonPath } from "./kubectl.ts";

const pod = {
  metadata: { name: "a", labels: { "app.kubernetes.io/name": "x" } },
  status: {
    phase: "Running",
    ready: true,
    count: 3,
    conditions: [
      { type: "A", status: "True" },
      { type: "B", status: "False" },
    ],
  },
  items: [{ n: "x" }, { n: "y" }],
};
const shown = (path: string) => compileJsonPath(path).render(pod);

describe("a kubectl JSONPath", () => {
  it.each([
    ["{.status.phase}", "Running"],
    [".status.phase", "Running"],
    ["status.phase", "Running"],
    ["$.status.phase", "Running"],
    ["{$.status.phase}", "Running"],
    ["{.status.count}", "3"],
    ["{.status.ready}", "true"],
    ["{.status.missing}", ""],
    ["{.missing.deeper}", ""],
    ["{.metadata.labels}", '{"app.kubernetes.io/name":"x"}'],
    ["{.metadata.labels.app\\.kubernetes\\.io/name}", "x"],
    ["{.metadata.labels['app.kubernetes.io/name']}", "x"],
    ["{.items[*].n}", "x y"],
    ["{.items[-1].n}", "y"],
    ["{.items[0:1]}", '{"n":"x"}'],
    ['{.status.conditions[?(@.type=="A")].status}', "True"],
    ["{..n}", "x y"],
    ["name={.metadata.name} phase={.status.phase}!", "name=a phase=Running!"],
    ['{range .items[*]}{.n}{"\\n"}{end}', "x\ny\n"],
    ["{range .items[*]}{@.n}:{$.metadata.name} {end}", "x:a y:a "],
    ["{range .none[*]}x{end}", ""],
  ])("%s gives %j", (path, text) => {
    expect(shown(path)).toBe(text);
  });

  it.each([
    ["{.status", "this '{' is never closed"],
    ["{range .items[*]}{.n}", "this range has no '{end}'"],
    ["{end}", "ends no range"],
    ["{}", "a path is wanted"],
    ["{.a[}", "is never closed"],
    ["", "a path is wanted"],
  ])("refuses %s at lint", (path, reason) => {
    expect(() => compileJsonPath(path)).toThrow(reason);
  });

  it("never reads a prototype, and is bounded", () => {
    expect(() => compileJsonPath("{.constructor}")).toThrow("may not be read");
    const many = { items: Array.from({ length: 2_000 }, () => ({ n: "x".repeat(1_000) })) };
    expect(() => compileJsonPath("{.items[*].n}").render(many)).toThrow("goes past its bound");
  });
});
