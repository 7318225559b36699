import type { Json } from "@sluice/base";
import type { ParameterSource, TriggerParameter } from "@sluice/spec";
import { describe, expect, test } from "vitest";
import { anEvent } from "../testing/index.ts";
import { applyParameters, buildPayload } from "./apply.ts";

const event = anEvent({ data: { body: { n: 5, s: "x", o: { k: 1 }, l: [1, 2], z: null } } });
const events = new Map([["dep", event]]);
const target: Json = { spec: { v: "base", arr: ["p"] } };

const parameter = (
  src: Omit<ParameterSource, "dependencyName"> & { dependencyName?: string },
  dest = "spec.out",
  operation?: TriggerParameter["operation"],
): TriggerParameter => ({
  src: { dependencyName: "dep", ...src },
  dest,
  ...(operation === undefined ? {} : { operation }),
});

function applied(p: TriggerParameter): Json | undefined {
  const result = applyParameters(target, [p], events, "parameters");
  return result.kind === "applied" ? result.document : undefined;
}
const at = (p: TriggerParameter, key: string): unknown =>
  (applied(p) as { spec: Record<string, unknown> } | undefined)?.spec[key];

describe("worked results of Argo", () => {
  test.each<[Omit<ParameterSource, "dependencyName">, unknown]>([
    [{ dataKey: "body.n" }, "5"],
    [{ dataKey: "body.n", useRawData: true }, 5],
    [{ dataKey: "body.o" }, '{"k":1}'],
    [{ dataKey: "body.o", useRawData: true }, { k: 1 }],
    [{ dataKey: "body.l", useRawData: true }, [1, 2]],
    [{ dataKey: "body.z" }, "null"],
    [{ dataKey: "body.z", useRawData: true }, null],
    [{ dataKey: "body.s", useRawData: true }, "x"],
    [{ dataKey: "body.none", value: "d" }, "d"],
    [{ value: "d" }, "d"],
    [{ contextKey: "subject", dataKey: "body.s" }, "x"],
    [{ contextKey: "type" }, "webhook"],
    [{ dataTemplate: "{{ .Input.body.n }}", useRawData: true }, "5"],
    [{ dataTemplate: "{{ .Input.body.none }}", dataKey: "body.s" }, "x"],
    [{ dataTemplate: "{{ .Input.body.none }}", value: "d" }, "d"],
    [{ contextTemplate: "{{ .Input.type }}-{{ .Input.subject }}" }, "webhook-task"],
    [{ dataTemplate: "{{ .Input.body.s | upper }}" }, "X"],
  ])("%j gives %j", (src, expected) => {
    expect(at(parameter(src), "out")).toEqual(expected);
  });

  test("the whole event has its data in base64", () => {
    const whole = JSON.parse(String(at(parameter({}), "out"))) as { context: { id: string }; data: string };

    expect(whole.context.id).toBe("e1");
    expect(JSON.parse(Buffer.from(whole.data, "base64").toString("utf8"))).toEqual(event.event.data);
  });
});

test("event data is never rendered a second time", () => {
  const hostile = new Map([["dep", anEvent({ data: { s: "{{ .Input.secret }}", secret: "x" } })]]);
  const parameters = [parameter({ dataTemplate: "{{ .Input.s }}" })];

  expect(applyParameters({}, parameters, hostile, "p")).toMatchObject({
    document: { spec: { out: "{{ .Input.secret }}" } },
  });
});

test("a template sees no environment, and gives the same again", () => {
  const random = parameter({ dataTemplate: "{{ uuidv4 }} {{ now | unixEpoch }}" });

  expect(applied(random)).toEqual(applied(random));
  expect(applied(parameter({ dataTemplate: '{{ env "HOME" }}', value: "none" }))).toMatchObject({
    spec: { out: "none" },
  });
});

describe("operations", () => {
  test.each<[string, string, TriggerParameter["operation"], boolean, unknown]>([
    ["append to a text", "spec.v", "append", false, { v: "basex", arr: ["p"] }],
    ["prepend to a text", "spec.v", "prepend", false, { v: "xbase", arr: ["p"] }],
    ["append to a list", "spec.arr", "append", false, { v: "base", arr: ["p", "x"] }],
    ["prepend to a list", "spec.arr", "prepend", false, { v: "base", arr: ["x", "p"] }],
    ["-1 appends to a list", "spec.arr.-1", undefined, false, { v: "base", arr: ["p", "x"] }],
    ["append where nothing is", "spec.w", "append", false, { v: "base", arr: ["p"], w: "x" }],
    [
      "a path that is new",
      "spec.new.0.name",
      undefined,
      false,
      { v: "base", arr: ["p"], new: [{ name: "x" }] },
    ],
  ])("%s", (_name, dest, operation, _raw, spec) => {
    expect(applied(parameter({ dataKey: "body.s" }, dest, operation))).toEqual({ spec });
  });
});

describe("what has no value", () => {
  test("a dependency that is not in the firing is skipped, with a note", () => {
    expect(
      applyParameters(target, [parameter({ dependencyName: "other", dataKey: "a" })], events, "parameters"),
    ).toEqual({
      kind: "applied",
      document: target,
      notes: ["parameters[0] skipped: 'other' has no event in this firing"],
    });
  });

  test("a key that is not there, without a default, says which", () => {
    expect(applyParameters(target, [parameter({ dataKey: "body.none" })], events, "parameters")).toEqual({
      kind: "unresolved",
      where: "parameters[0]",
      reason: "key 'body.none' does not exist in the event",
    });
  });

  test("a payload with a dependency that is not in the firing is an error, not a crash", () => {
    expect(
      buildPayload([parameter({ dependencyName: "other", dataKey: "a" }, "a")], events, "payload"),
    ).toMatchObject({
      kind: "unresolved",
      where: "payload[0]",
    });
  });

  test("event data under a key of the host is no value", () => {
    const hostile = new Map([["dep", anEvent({ data: JSON.parse('{"__proto__":{"x":1}}') as Json })]]);

    expect(applyParameters({}, [parameter({ dataKey: "__proto__.x" })], hostile, "p").kind).toBe(
      "unresolved",
    );
    expect(applyParameters({}, [parameter({ value: "v" }, "__proto__.x")], hostile, "p").kind).toBe(
      "unresolved",
    );
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  });
});

describe("a payload", () => {
  test("is a JSON document of its entries", () => {
    const payload = [
      parameter({ dataKey: "body.s" }, "a.b"),
      parameter({ dataKey: "body.n", useRawData: true }, "n"),
    ];

    expect(buildPayload(payload, events, "payload")).toEqual({
      kind: "built",
      body: '{"a":{"b":"x"},"n":5}',
      contentType: "application/json",
    });
  });

  test("without dest is the bare value", () => {
    expect(buildPayload([parameter({ dataKey: "body" }, "")], events, "payload")).toMatchObject({
      body: JSON.stringify({ n: 5, s: "x", o: { k: 1 }, l: [1, 2], z: null }),
      contentType: "application/json",
    });
    expect(buildPayload([parameter({ dataKey: "body.s" }, "")], events, "payload")).toMatchObject({
      body: "x",
      contentType: "text/plain; charset=utf-8",
    });
  });
});
