import type { Json } from "@sluice/base";
import type { SensorSpec, Trigger } from "@sluice/spec";
import { describe, expect, test } from "vitest";
import { type CompiledSensor, compileSensor } from "./compile.ts";
import { renderRequest } from "./render.ts";
import { aDependency, anEvent, aSensorResource, aTrigger } from "./testing/index.ts";

function compiled(spec: SensorSpec, generation = 1): CompiledSensor {
  const result = compileSensor(aSensorResource(spec, { generation }));
  if (result.kind === "invalid") throw new Error(JSON.stringify(result.issues));
  return result.sensor;
}
const two = [aDependency("a"), aDependency("b")];
const data: Json = { body: { msg: "hi", url: "http://x.example/", n: 7 } };
const a1 = anEvent({ id: "a1", event: "a", data });
const b1 = anEvent({ id: "b1", event: "b" });

function rendered(trigger: Trigger, events = new Map([["a", a1]])) {
  const sensor = compiled({ dependencies: two, triggers: [trigger] });
  return renderRequest(sensor, sensor.triggers[0]!, events, 1_000);
}
const src = (dataKey: string, more: Record<string, unknown> = {}) => ({
  dependencyName: "a",
  dataKey,
  ...more,
});

describe("the id of a firing", () => {
  const sensor = compiled({ dependencies: two, triggers: [aTrigger("t"), aTrigger("u")] });
  const [t, u] = sensor.triggers;
  const id = renderRequest(
    sensor,
    t!,
    new Map([
      ["a", a1],
      ["b", b1],
    ]),
    1,
  ).request.id;

  test("follows from the events, not from their order, the time or the sensor's generation", () => {
    const edited = compiled({ dependencies: two, triggers: [aTrigger("t")] }, 9);

    const again = renderRequest(
      edited,
      edited.triggers[0]!,
      new Map([
        ["b", b1],
        ["a", a1],
      ]),
      2,
    ).request;

    expect(again.id).toBe(id);
    expect(again.sensorGeneration).toBe(9);
  });

  test("differs for another event, dependency or trigger", () => {
    const others = [
      renderRequest(
        sensor,
        u!,
        new Map([
          ["a", a1],
          ["b", b1],
        ]),
        1,
      ),
      renderRequest(sensor, t!, new Map([["a", a1]]), 1),
      renderRequest(
        sensor,
        t!,
        new Map([
          ["a", b1],
          ["b", a1],
        ]),
        1,
      ),
      renderRequest(
        sensor,
        t!,
        new Map([
          ["a", anEvent({ id: "a2", event: "a" })],
          ["b", b1],
        ]),
        1,
      ),
    ];

    expect(new Set([id, ...others.map((o) => o.request.id)]).size).toBe(5);
  });
});

describe("parameters", () => {
  const resource = { spec: { arguments: { parameters: [{ name: "message", value: "default" }] } } };
  const template = { name: "t", argoWorkflow: { operation: "submit", source: { resource } } };
  const value = "argoWorkflow.source.resource.spec.arguments.parameters.0.value";

  test("of the template reach anywhere in it", () => {
    const { request } = rendered({ template, parameters: [{ src: src("body.msg"), dest: value }] });

    expect(request.action).toEqual({
      operation: "submit",
      source: { resource: { spec: { arguments: { parameters: [{ name: "message", value: "hi" }] } } } },
    });
  });

  test("of the kind are set in the resource, after those of the template", () => {
    const own = { src: src("body.n"), dest: "spec.arguments.parameters.0.value", operation: "append" };
    const trigger = {
      template: { ...template, argoWorkflow: { ...template.argoWorkflow, parameters: [own] } },
    };

    const { request } = rendered({ ...trigger, parameters: [{ src: src("body.msg"), dest: value }] });

    expect(request.action).toMatchObject({
      source: { resource: { spec: { arguments: { parameters: [{ value: "hi7" }] } } } },
    });
    expect(request.action).not.toHaveProperty("parameters");
  });

  test("of http are set in its own fields, and its payload becomes the body", () => {
    const http = {
      url: "http://default/",
      parameters: [{ src: src("body.url"), dest: "url" }],
      payload: [{ src: src("body.n", { useRawData: true }), dest: "n" }],
      dynamicHeaders: [{ src: src("body.msg"), dest: "X-Msg.a" }],
    };

    expect(rendered({ template: { name: "t", http } }).request.action).toEqual({
      url: "http://x.example/",
      body: '{"n":7}',
      contentType: "application/json",
      headers: { "X-Msg.a": "hi" },
    });
  });

  test("may set another parameter's key, as in Argo", () => {
    const http = { url: "u", parameters: [{ src: src("body.n"), dest: "url" }] };
    const parameters = [
      { src: { dependencyName: "a", value: "body.msg" }, dest: "http.parameters.0.src.dataKey" },
    ];

    expect(rendered({ template: { name: "t", http }, parameters }).request.action).toEqual({ url: "hi" });
  });

  test("never make a template of event data", () => {
    const http = { url: "u", parameters: [{ src: src("body.n"), dest: "url" }] };
    const parameters = [{ src: src("body.msg"), dest: "http.parameters.0.src.dataTemplate" }];

    expect(rendered({ template: { name: "t", http }, parameters }).failure?.message).toContain(
      "must not become a template",
    );
  });

  test("cannot break the shape of other parameters", () => {
    const http = { url: "u", payload: [{ src: src("body.n"), dest: "n" }] };
    const parameters = [{ src: src("body.msg"), dest: "http.payload" }];

    expect(rendered({ template: { name: "t", http }, parameters }).failure?.code).toBe(
      "SENSOR_PARAMETER_UNRESOLVED",
    );
  });

  test("without a value leave a request that must not be executed, and say why", () => {
    const { request, failure } = rendered({ template, parameters: [{ src: src("body.none"), dest: value }] });

    expect(failure).toMatchObject({ code: "SENSOR_PARAMETER_UNRESOLVED", retry: "never" });
    expect(request).toMatchObject({ action: {}, causes: [{ id: "a1", dependency: "a" }] });
    expect(request.unresolved).toContain("body.none");
  });

  test("of a dependency that is not in the firing are skipped, with a note", () => {
    const parameters = [{ src: { dependencyName: "b", dataKey: "x" }, dest: value }];

    expect(rendered({ template, parameters }).notes).toEqual([
      "parameters[0] skipped: 'b' has no event in this firing",
    ]);
  });
});

describe("a sensor that cannot run says why", () => {
  test.each<[string, Partial<SensorSpec>, string]>([
    [
      "an unknown name in conditions",
      { triggers: [aTrigger("t", { conditions: "a && c" })] },
      "spec.triggers[0].template.conditions",
    ],
    [
      "conditions that do not end",
      { triggers: [aTrigger("t", { conditions: "a &&" })] },
      "spec.triggers[0].template.conditions",
    ],
    [
      "a parameter of an unknown dependency",
      { triggers: [aTrigger("t", { parameters: [{ src: { dependencyName: "x" }, dest: "log" }] })] },
      "spec.triggers[0].parameters[0].src.dependencyName",
    ],
    [
      "two actions",
      { triggers: [{ template: { name: "t", log: {}, http: {} } }] },
      "spec.triggers[0].template",
    ],
    ["no action", { triggers: [{ template: { name: "t" } }] }, "spec.triggers[0].template"],
    ["two triggers of one name", { triggers: [aTrigger("t"), aTrigger("t")] }, "spec.triggers[1].name"],
    [
      "a transform",
      { dependencies: [aDependency("a", { transform: { jq: "." } })] },
      "spec.dependencies[0].transform",
    ],
    [
      "a reset of conditions",
      { triggers: [{ template: { name: "t", log: {}, conditionsReset: [] } }] },
      "spec.triggers[0].template.conditionsReset",
    ],
  ])("%s", (_name, spec, path) => {
    const result = compileSensor(aSensorResource({ dependencies: two, triggers: [aTrigger("t")], ...spec }));

    expect(result.kind === "invalid" ? result.issues.map((i) => i.path) : []).toContain(path);
  });
});

test("a condition that each of its dependencies meets alone keeps no state", () => {
  const triggers = ["a || b", "a && b", "(a && b) || a", "a", "(a && b) || a || b"].map((conditions, i) =>
    aTrigger(`t${i}`, { conditions }),
  );

  expect(compiled({ dependencies: two, triggers }).triggers.map((t) => t.stateless)).toEqual([
    true,
    false,
    false,
    true,
    true,
  ]);
});
