import { describe, expect, test } from "vitest";
import { loadConfig, variableOf } from "./config.ts";

describe("settings", () => {
  test("come from flags before environment before file before default, and say from where", () => {
    const { config, origins } = loadConfig({
      flags: { port: "1" },
      env: { SLUICE_PORT: "2", SLUICE_DATA: "/env" },
      file: { name: "sluice.yaml", values: { port: 3, data: "/file", executor: "local" } },
    });

    expect(config).toMatchObject({ port: 1, data: "/env", executor: "local", profile: "safe" });
    expect(origins).toMatchObject({
      port: "command line",
      data: "SLUICE_DATA",
      executor: "sluice.yaml",
      profile: "default",
    });
  });

  test("cannot be changed afterwards", () => {
    expect(Object.isFrozen(loadConfig({ flags: {}, env: {} }).config)).toBe(true);
  });

  test.each([
    [{ port: "70000" }, "port"],
    [{ executor: "docker" }, "executor"],
    [{ nats: "127.0.0.1:4222" }, "nats"],
    [{ maxSteps: "0" }, "maxSteps"],
    [{ prefix: "a.b" }, "prefix"],
  ])("%o is refused, naming the setting", (flags, setting) => {
    expect(() => loadConfig({ flags, env: {} })).toThrow(
      expect.objectContaining({ code: "CLI_CONFIG", details: expect.objectContaining({ setting }) }),
    );
  });

  test("an unknown key of the file is refused with the one that was meant", () => {
    expect(() => loadConfig({ flags: {}, env: {}, file: { name: "f", values: { "max-steps": 3 } } })).toThrow(
      "did you mean 'maxSteps'?",
    );
  });

  test("with parts come as a map of the file, or as JSON or YAML of the environment", () => {
    const workflowDefaults = { metadata: { labels: { team: "red" } }, spec: { parallelism: 5 } };
    const { config } = loadConfig({
      flags: {},
      env: { SLUICE_RETENTION_POLICY: "{completed: 3, failed: 1}" },
      file: { name: "f", values: { workflowDefaults, templateReferencing: "Strict" } },
    });

    expect(config).toMatchObject({
      retentionPolicy: { completed: 3, failed: 1 },
      workflowDefaults,
      templateReferencing: "Strict",
    });
  });

  test.each([
    [{ SLUICE_RETENTION_POLICY: "{completed: -1}" }, "retentionPolicy", "completed"],
    [{ SLUICE_RETENTION_POLICY: "many" }, "retentionPolicy", "object"],
    [{ SLUICE_WORKFLOW_DEFAULTS: "{spec: {parallel: 3}}" }, "workflowDefaults", "parallel"],
    [{ SLUICE_OVERRIDABLE_FIELDS: "nodeSelector,colour" }, "overridableFields", "'colour'"],
  ])("%o are refused at the part that is wrong", (env, setting, part) => {
    expect(() => loadConfig({ flags: {}, env })).toThrow(
      expect.objectContaining({
        code: "CLI_CONFIG",
        message: expect.stringContaining(part),
        details: expect.objectContaining({ setting }),
      }),
    );
  });

  test("variables are named after settings", () =>
    expect(variableOf("ingressHost")).toBe("SLUICE_INGRESS_HOST"));
});
