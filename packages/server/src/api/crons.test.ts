import { describe, expect, test } from "vitest";
import { anApi } from "../testing/index.ts";

const base = "/api/v1/cron-workflows/default";

/** The API's clock stands at 2 January 2026, 00:00 UTC. */
const cron = (spec: object = {}, metadata: object = {}) => ({
  cronWorkflow: {
    metadata: { name: "nightly", ...metadata },
    spec: {
      schedules: ["0 2 * * *"],
      timezone: "Europe/Berlin",
      workflowSpec: {
        entrypoint: "main",
        templates: [{ name: "main", container: { image: "alpine", command: ["true"] } }],
      },
      ...spec,
    },
  },
});

describe("a cron workflow", () => {
  test("is created, shown with its next times, listed by label and deleted", async () => {
    await using api = anApi();
    const created = await api.call("POST", base, cron({}, { labels: { team: "a" } }));
    expect(created.status).toBe(200);
    expect(created.body).toMatchObject({
      kind: "CronWorkflow",
      metadata: { name: "nightly", namespace: "default", generation: 1 },
      status: {
        phase: "Active",
        active: [],
        lastScheduledTime: null,
        nextScheduledTimes: ["2026-01-02T01:00:00Z", "2026-01-03T01:00:00Z", "2026-01-04T01:00:00Z"],
      },
    });
    expect((await api.call("GET", `${base}/nightly`)).body).toEqual(created.body);
    const names = async (query: string) =>
      (await api.call("GET", `/api/v1/cron-workflows${query}`)).body.items.map(
        (item: { metadata: { name: string } }) => item.metadata.name,
      );
    expect(await names("?listOptions.labelSelector=team=a")).toEqual(["nightly"]);
    expect(await names("?listOptions.labelSelector=team=b")).toEqual([]);
    expect(await names("/default")).toEqual(["nightly"]);
    expect((await api.call("DELETE", `${base}/nightly`)).status).toBe(200);
    const gone = await api.call("GET", `${base}/nightly`);
    expect([gone.status, gone.body.code]).toEqual([404, "ENGINE_CRON_NOT_FOUND"]);
  });

  test("is not created twice, and updated only when it is there", async () => {
    await using api = anApi();
    expect((await api.call("PUT", `${base}/nightly`, cron())).status).toBe(404);
    await api.call("POST", base, cron());
    const again = await api.call("POST", base, cron());
    expect([again.status, again.body.code]).toEqual([409, "ENGINE_CRON_EXISTS"]);
    const got = (await api.call("GET", `${base}/nightly`)).body;
    const changed = { ...got, spec: { ...got.spec, schedules: ["0 3 * * *"] } };
    const updated = await api.call("PUT", `${base}/nightly`, { cronWorkflow: changed });
    expect(updated.body).toMatchObject({
      metadata: { generation: 2 },
      status: { nextScheduledTimes: ["2026-01-02T02:00:00Z", expect.anything(), expect.anything()] },
    });
    expect((await api.call("PUT", `${base}/other`, cron())).status).toBe(400);
  });

  test("that is run by hand has the time of now as the one it was scheduled for, unless another is given", async () => {
    await using api = anApi();
    await api.call("POST", base, cron({ workflowMetadata: { annotations: { a: "b" } } }));
    const submitted = async (submitOptions: object) =>
      (
        await api.call("POST", "/api/v1/workflows/default/submit", {
          resourceKind: "CronWorkflow",
          resourceName: "nightly",
          submitOptions,
        })
      ).body.metadata.annotations;
    const scheduled = "workflows.argoproj.io/scheduled-time";

    expect(await submitted({})).toEqual({ a: "b", [scheduled]: "2026-01-02T00:00:00Z" });
    expect(await submitted({ annotations: `${scheduled}=2026-01-01T01:00:00Z` })).toMatchObject({
      [scheduled]: "2026-01-01T01:00:00Z",
    });
  });

  test("is suspended and resumed", async () => {
    await using api = anApi();
    await api.call("POST", base, cron());
    const suspended = await api.call("PUT", `${base}/nightly/suspend`, {});
    expect(suspended.body).toMatchObject({ spec: { suspend: true }, status: { nextScheduledTimes: [] } });
    const resumed = await api.call("PUT", `${base}/nightly/resume`, {});
    expect(resumed.body.spec).not.toHaveProperty("suspend");
    expect(resumed.body.status.nextScheduledTimes).toHaveLength(3);
    expect((await api.call("PUT", `${base}/none/resume`, {})).status).toBe(404);
  });

  test.each([
    [{ schedules: [] }, "cron workflow must have at least one schedule"],
    [{ schedules: ["* * * *"] }, "cron schedule * * * * is malformed: expected exactly 5 fields"],
    [{ timezone: "Mars/Olympus" }, 'invalid timezone "Mars/Olympus"'],
    [{ startingDeadlineSeconds: -1 }, "startingDeadlineSeconds must be positive"],
    [{ stopStrategy: { expression: "cronworkflow.fails > 1" } }, "'cronworkflow.fails' is not known here"],
    [{ when: "{{= cronworkflow.last == nil }}" }, "'cronworkflow.last' is not known here"],
  ])("with %j is refused: %s", async (spec, message) => {
    await using api = anApi();
    const answer = await api.call("POST", `${base}/lint`, cron(spec));
    expect([answer.status, answer.body.code]).toEqual([400, "SPEC_INVALID"]);
    expect(JSON.stringify(answer.body.details.issues)).toContain(JSON.stringify(message).slice(1, -1));
    expect((await api.call("GET", base)).body.items).toEqual([]);
  });

  test("with a name of 53 characters is refused, with 52 it is not", async () => {
    await using api = anApi();
    expect((await api.call("POST", `${base}/lint`, cron({}, { name: "n".repeat(53) }))).status).toBe(400);
    expect((await api.call("POST", `${base}/lint`, cron({}, { name: "n".repeat(52) }))).status).toBe(200);
  });
});

describe("its scheduled times", () => {
  const times = "/api/v1/sluice/cron-workflows/default/nightly";

  test("are listed for a span, before its creation too", async () => {
    await using api = anApi();
    await api.call("POST", base, cron());
    const answer = await api.call(
      "GET",
      `${times}/instants?start=2025-03-29T00:00:00Z&end=2025-03-31T00:00:00Z`,
    );
    // The clocks change on the 30th: 02:00 is 03:00.
    expect(answer.body.instants).toEqual([
      "2025-03-29T01:00:00.000Z",
      "2025-03-30T01:00:00.000Z",
      "2025-03-31T00:00:00.000Z",
    ]);
    expect((await api.call("GET", `${times}/instants?start=yesterday`)).status).toBe(400);
  });

  test("of the past are run once each, whoever asks; again only when that is said", async () => {
    await using api = anApi();
    await api.call("POST", base, cron());
    const run = async (more: object = {}) =>
      (await api.call("POST", `${times}/runs`, { instant: "2026-01-01T01:00:00Z", ...more })).body;
    const first = await run({ backfill: "jan", argument: { name: "day", value: "2026-01-01" } });
    expect(first).toMatchObject({
      outcome: "created",
      name: "nightly-1767229200",
      workflow: {
        metadata: {
          labels: {
            "workflows.argoproj.io/cron-workflow": "nightly",
            "workflows.argoproj.io/cron-workflow-backfill": "jan",
          },
          annotations: { "workflows.argoproj.io/scheduled-time": "2026-01-01T01:00:00Z" },
        },
        spec: { arguments: { parameters: [{ name: "day", value: "2026-01-01" }] } },
      },
    });
    expect(await run()).toMatchObject({ outcome: "exists", name: first.name });

    await api.call("DELETE", `/api/v1/workflows/default/${first.name}`);
    expect(await run()).toMatchObject({ outcome: "exists" });
    const again = await run({ again: "second" });
    expect(again.outcome).toBe("created");
    expect(again.name).toMatch(/^nightly-1767229200-[a-z0-9]{5}$/);
    expect((await run({ again: "second" })).name).toBe(again.name);
  });

  test("of the future, and times that are none, are refused", async () => {
    await using api = anApi();
    await api.call("POST", base, cron());
    for (const instant of ["2026-01-03T01:00:00Z", "2026-01-01T01:00:01Z"]) {
      const answer = await api.call("POST", `${times}/runs`, { instant });
      expect([answer.status, answer.body.code]).toEqual([400, "ENGINE_CRON_INSTANT"]);
    }
  });
});

describe("backfills of the server", () => {
  const backfills = "/api/v1/sluice/cron-workflows/default/nightly/backfills";
  const span = { start: "2025-12-01T00:00:00Z", end: "2025-12-10T00:00:00Z" };

  test("are begun, shown, listed and stopped; the same request is the same backfill", async () => {
    await using api = anApi();
    await api.call("POST", base, cron());
    const begun = await api.call("POST", backfills, { ...span, name: "december", parallel: 3 });

    expect(begun.body).toMatchObject({
      ...{ name: "december", cron: "nightly", phase: "Running", parallel: 3, finishedAt: null, active: [] },
      ...{ start: "2025-12-01T00:00:00.000Z", end: "2025-12-10T00:00:00.000Z" },
    });
    expect((await api.call("POST", backfills, { ...span, name: "december", parallel: 3 })).body).toEqual(
      begun.body,
    );
    expect((await api.call("GET", `${backfills}/december`)).body).toEqual(begun.body);
    expect((await api.call("GET", backfills)).body.items).toHaveLength(1);
    expect((await api.call("PUT", `${backfills}/december/stop`)).body.phase).toBe("Stopped");
  });

  test.each([
    [{ ...span, name: "december", parallel: 4 }, 409, "ENGINE_BACKFILL_EXISTS"],
    [{ ...span, name: "other", limit: 3 }, 400, "ENGINE_BACKFILL_TOO_LARGE"],
    [{ ...span, name: "no/name" }, 400, "SERVER_REQUEST_INVALID"],
    [{ start: "yesterday" }, 400, "SERVER_REQUEST_INVALID"],
    [{}, 400, "SERVER_REQUEST_INVALID"],
  ])("refuse %o with %i %s", async (body, status, code) => {
    await using api = anApi();
    await api.call("POST", base, cron());
    await api.call("POST", backfills, { ...span, name: "december" });

    const answer = await api.call("POST", backfills, body);

    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect((await api.call("GET", `${backfills}/nosuch`)).status).toBe(404);
  });
});
