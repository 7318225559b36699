import { describe, expect, test } from "vitest";
import { anApi } from "../testing/an-api.ts";

const templates = "/api/v1/workflow-templates/ci";
const submit = "/api/v1/workflows/ci/submit";

const aTemplate = (name: string, more: object = {}, metadata: object = {}) => ({
  metadata: { name, ...metadata },
  spec: {
    entrypoint: "say",
    arguments: { parameters: [{ name: "message", value: "hi" }] },
    templates: [
      {
        name: "say",
        inputs: { parameters: [{ name: "message" }] },
        container: { image: "busybox", command: ["echo"], args: ["{{inputs.parameters.message}}"] },
      },
    ],
    ...more,
  },
});
const using = (templateRef: object) => ({
  entrypoint: "main",
  templates: [
    {
      name: "main",
      steps: [[{ name: "a", templateRef, arguments: { parameters: [{ name: "message", value: "x" }] } }]],
    },
  ],
});

describe("workflow templates", () => {
  test("are created, listed by label, read, replaced and deleted, as Argo's clients do it", async () => {
    await withApi(async (call) => {
      const made = await call("POST", templates, { template: aTemplate("b", {}, { labels: { team: "x" } }) });
      await call("POST", templates, { template: aTemplate("a") });
      expect(made).toMatchObject({
        status: 200,
        body: { kind: "WorkflowTemplate", metadata: { name: "b", namespace: "ci", generation: 1 } },
      });

      const all = await call("GET", templates);
      expect(all.body.items.map((t: { metadata: { name: string } }) => t.metadata.name)).toEqual(["a", "b"]);
      const some = await call("GET", `${templates}?listOptions.labelSelector=team%3Dx`);
      expect(some.body.items).toHaveLength(1);

      const { body: read } = await call("GET", `${templates}/b`);
      expect((await call("PUT", `${templates}/b`, { template: read })).body.metadata.generation).toBe(1);
      const changed = { ...read, spec: { ...read.spec, parallelism: 2 } };
      expect((await call("PUT", `${templates}/b`, { template: changed })).body.metadata.generation).toBe(2);
      expect(await call("PUT", `${templates}/b`, { template: changed })).toMatchObject({
        status: 409,
        body: { code: "SERVER_CHANGED_MEANWHILE" },
      });

      expect((await call("DELETE", `${templates}/b`)).status).toBe(200);
      const gone = await call("GET", `${templates}/b`);
      expect([gone.status, gone.body.message]).toEqual([404, 'workflow template "ci/b" not found']);
      expect((await call("DELETE", `${templates}/b`)).status).toBe(404);
    });
  });

  test("of a name that is taken are a conflict, and a wrong one is refused with every issue", async () => {
    await withApi(async (call) => {
      await call("POST", templates, { template: aTemplate("a") });

      expect(await call("POST", templates, { template: aTemplate("a") })).toMatchObject({
        status: 409,
        body: { code: "SERVER_ALREADY_EXISTS" },
      });
      expect(
        await call("POST", templates, { template: aTemplate("c", { entrypoint: "sya" }) }),
      ).toMatchObject({
        status: 400,
        body: { code: "SPEC_INVALID", details: { issues: [{ hint: "did you mean 'say'?" }] } },
      });
      expect((await call("POST", `${templates}/lint`, { template: aTemplate("c") })).status).toBe(200);
      expect((await call("GET", `${templates}/c`)).status).toBe(404);
    });
  });

  test("of the cluster are seen from every namespace", async () => {
    await withApi(async (call) => {
      await call("POST", "/api/v1/cluster-workflow-templates", { template: aTemplate("shared") });

      const { body } = await call("GET", "/api/v1/cluster-workflow-templates/shared");
      expect(body).toMatchObject({ kind: "ClusterWorkflowTemplate" });
      expect(body.metadata).not.toHaveProperty("namespace");
      const ref = { name: "shared", template: "say", clusterScope: true };
      const workflow = { metadata: { name: "w" }, spec: using(ref) };
      expect((await call("POST", "/api/v1/workflows/other", { workflow })).status).toBe(200);
    });
  });

  test("that a workflow refers to must be there, with the template and its inputs", async () => {
    await withApi(async (call) => {
      await call("POST", templates, { template: aTemplate("lib") });
      const issueOf = async (spec: object) => {
        const answer = await call("POST", "/api/v1/workflows/ci/lint", {
          workflow: { metadata: { name: "w" }, spec },
        });
        return answer.body.details?.issues?.[0];
      };

      expect(await issueOf(using({ name: "lbi", template: "say" }))).toMatchObject({
        message: "templates.main.steps[0].a template reference lbi.say not found",
        hint: "did you mean 'lib'?",
      });
      expect(await issueOf(using({ name: "lib", template: "sya" }))).toMatchObject({
        message: "templates.main.steps[0].a template reference lib.sya not found",
        hint: "did you mean 'say'?",
      });
      expect(await issueOf(using({ name: "lib", template: "say", clusterScope: true }))).toMatchObject({
        hint: "'lib' is there as a WorkflowTemplate: take clusterScope out",
      });
      const bare = { name: "main", steps: [[{ name: "a", templateRef: { name: "lib", template: "say" } }]] };
      expect(await issueOf({ entrypoint: "main", templates: [bare] })).toMatchObject({
        message: "templates.main.steps[0].a templates.say inputs.parameters.message was not supplied",
      });
      expect(await issueOf({ workflowTemplateRef: { name: "lib" }, entrypoint: "no" })).toMatchObject({
        message: "spec.entrypoint template name 'no' undefined",
      });
      expect(await issueOf({ workflowTemplateRef: { name: "lib" } })).toBeUndefined();
    });
  });
});

describe("submitting from a template", () => {
  test("gives a run with the wishes in it", async () => {
    await withApi(async (call) => {
      await call("POST", templates, { template: aTemplate("lib") });

      const answer = await call("POST", submit, {
        resourceKind: "WorkflowTemplate",
        resourceName: "lib",
        submitOptions: {
          name: "mine",
          entryPoint: "say",
          parameters: ["message=a=b"],
          labels: "team=x,tier=y",
          annotations: "note=z",
          serviceAccount: "robot",
          priority: 7,
        },
      });

      expect(answer).toMatchObject({
        status: 200,
        body: {
          metadata: {
            name: "mine",
            labels: { team: "x", tier: "y", "workflows.argoproj.io/workflow-template": "lib" },
            annotations: { note: "z" },
          },
          spec: {
            workflowTemplateRef: { name: "lib" },
            entrypoint: "say",
            arguments: { parameters: [{ name: "message", value: "a=b" }] },
            serviceAccountName: "robot",
            priority: 7,
          },
        },
      });
    });
  });

  test("takes Argo's spellings of the kind, makes a name, and a dry run starts nothing", async () => {
    await withApi(async (call) => {
      await call("POST", "/api/v1/cluster-workflow-templates", { template: aTemplate("shared") });
      const from = { resourceKind: "clusterworkflowtemplate", resourceName: "shared" };

      const dry = await call("POST", submit, { ...from, submitOptions: { serverDryRun: true } });
      expect(dry.body.spec.workflowTemplateRef).toEqual({ name: "shared", clusterScope: true });
      expect((await call("GET", "/api/v1/workflows/ci")).body.items).toEqual([]);
      const real = await call("POST", submit, from);
      expect(real.body.metadata.name).toMatch(/^shared-[a-z0-9]+$/);
    });
  });

  test.each([
    ["a kind that is none", { resourceKind: "Pod", resourceName: "x" }, 400, "SERVER_REQUEST_INVALID"],
    [
      "a name that is not there",
      { resourceKind: "cronworkflow", resourceName: "x" },
      404,
      "SERVER_NOT_FOUND",
    ],
  ])("%s is refused", async (_, body, status, code) => {
    await withApi(async (call) => {
      expect(await call("POST", submit, body)).toMatchObject({ status, body: { code } });
    });
  });

  test("refuses a parameter without a value, and a template that would run nothing", async () => {
    await withApi(async (call) => {
      await call("POST", templates, { template: aTemplate("lib", { entrypoint: undefined }) });
      const from = { resourceKind: "WorkflowTemplate", resourceName: "lib" };

      expect(
        await call("POST", submit, { ...from, submitOptions: { parameters: ["message"] } }),
      ).toMatchObject({
        status: 400,
        body: { message: "submitOptions.parameters: 'message' is no name=value" },
      });
      expect((await call("POST", submit, from)).body.details.issues[0].message).toBe(
        "spec.entrypoint is required",
      );
    });
  });
});

async function withApi(work: (call: ReturnType<typeof anApi>["call"]) => Promise<void>): Promise<void> {
  await using api = anApi();
  await work(api.call);
}
