import { describe, expect, test } from "vitest";
import { loadManifests } from "../manifest.ts";
import { convertManifests } from "./convert.ts";

describe("a manifest in old spellings", () => {
  test("of a cron workflow has its schedule and locks in lists, comments and order as they were", () => {
    const { text, changes, documents } = convertManifests(`# every night
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: nightly}
spec:
  schedule: "0 2 * * *" # UTC
  workflowSpec:
    entrypoint: main
    podPriority: 5
    synchronization:
      mutex:
        name: one
    templates:
      - name: main
        synchronization:
          semaphore: {configMapKeyRef: {name: limits, key: main}}
        container: {image: alpine:3.22}
`);

    expect(text).toBe(`# every night
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: { name: nightly }
spec:
  schedules:
    - "0 2 * * *" # UTC
  workflowSpec:
    entrypoint: main
    synchronization:
      mutexes:
        - name: one
    templates:
      - name: main
        synchronization:
          semaphores:
            - { configMapKeyRef: { name: limits, key: main } }
        container: { image: alpine:3.22 }
`);
    expect(changes.map(({ path }) => path)).toEqual([
      "spec.schedule",
      "spec.workflowSpec.podPriority",
      "spec.workflowSpec.synchronization.mutex",
      "spec.workflowSpec.templates.0.synchronization.semaphore",
    ]);
    expect(documents).toHaveLength(1);
    expect(loadManifests(text, {}).issues).toEqual([]);
  });

  test("has its values added to lists that are there, and empty ones left out", () => {
    const { documents } = convertManifests(`
kind: CronWorkflow
spec: { schedule: "", schedules: ["@daily"], workflowSpec: { synchronization: { mutex: {name: b}, mutexes: [{name: a}] } } }
---
kind: Workflow
spec: { schedule: kept, arguments: { parameters: [{ name: podPriority, value: kept }] } }
`);

    expect(documents).toEqual([
      {
        kind: "CronWorkflow",
        spec: {
          schedules: ["@daily"],
          workflowSpec: { synchronization: { mutexes: [{ name: "a" }, { name: "b" }] } },
        },
      },
      {
        kind: "Workflow",
        spec: { schedule: "kept", arguments: { parameters: [{ name: "podPriority", value: "kept" }] } },
      },
    ]);
  });

  test("in new spellings is as it was", () => {
    const text = "kind: Workflow\nspec:\n  entrypoint: main\n";

    expect(convertManifests(text)).toMatchObject({ text, changes: [] });
    expect(convertManifests("")).toMatchObject({ text: "", changes: [] });
  });

  test("that is no YAML is refused with its place", () => {
    expect(() => convertManifests("a: [", "x.yaml")).toThrow(
      expect.objectContaining({ code: "SPEC_INVALID" }),
    );
  });
});
