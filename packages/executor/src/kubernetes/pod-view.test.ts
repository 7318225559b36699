import { describe, expect, test } from "vitest";
import { type PodStatus, viewOf } from "./pod-view.ts";

const startedAt = "2026-01-01T00:00:01Z";
const finishedAt = "2026-01-01T00:00:03Z";
const at = (text: string) => Date.parse(text);
const pod = (status: PodStatus, metadata: object = {}) => ({
  metadata: { name: "p", ...metadata },
  spec: { nodeName: "node1" },
  status: status as Record<string, unknown>,
});
const main = (state: NonNullable<NonNullable<PodStatus["containerStatuses"]>[number]["state"]>) => ({
  containerStatuses: [
    { name: "sidecar", state: { running: { startedAt: finishedAt } } },
    { name: "main", state },
  ],
});

describe("a pod that does not run yet", () => {
  test.each([
    ["ContainerCreating", undefined],
    ["PodInitializing", undefined],
    ["ErrImagePull", "stuck"],
    ["ImagePullBackOff", "stuck"],
    ["CreateContainerConfigError", "stuck"],
    ["InvalidImageName", "hopeless"],
    ["ErrImageNeverPull", "hopeless"],
  ])("%s is %s", (reason, stuck) => {
    const view = viewOf(pod({ phase: "Pending", ...main({ waiting: { reason, message: "why" } }) }));
    expect(view).toEqual({
      kind: "waiting",
      message: `${reason}: why`,
      ...(stuck === undefined ? {} : { stuck }),
    });
  });
});

test("a sidecar that runs on does not hide that the main container has ended", () => {
  const status = {
    phase: "Running",
    ...main({ terminated: { exitCode: 3, startedAt, finishedAt, reason: "Error" } }),
  };
  expect(viewOf(pod(status))).toEqual({
    kind: "ended",
    exitCode: 3,
    startedAt: at(startedAt),
    endedAt: at(finishedAt),
  });
});

test("a running pod is ready when each of its containers is", () => {
  const states = [true, false, true].map((ready, i) => ({
    name: i === 0 ? "main" : `side-${i}`,
    ready,
    state: { running: { startedAt } },
  }));
  const of = (containerStatuses: PodStatus["containerStatuses"] & object) =>
    viewOf(pod({ phase: "Running", containerStatuses }));
  expect(of(states)).not.toHaveProperty("isReady");
  expect(of(states.map((state) => ({ ...state, ready: true })))).toHaveProperty("isReady", true);
});

test("a running pod says where it runs and since when", () => {
  const status = { phase: "Running", podIP: "10.0.0.1", ...main({ running: { startedAt } }) };
  expect(viewOf(pod(status))).toEqual({
    kind: "running",
    startedAt: at(startedAt),
    host: "node1",
    podIP: "10.0.0.1",
  });
});

test("the pod's own deadline is a deadline, with and without an exit code", () => {
  const late = { phase: "Failed", reason: "DeadlineExceeded", message: "active longer" };
  expect(viewOf(pod(late))).toEqual({ kind: "failed", message: "active longer", deadline: true });
  const killed = main({ terminated: { exitCode: 137, startedAt, finishedAt, reason: "Error" } });
  expect(viewOf(pod({ ...late, ...killed }))).toMatchObject({ kind: "ended", deadline: true, exitCode: 137 });
});

test("a failed init container is named, since the step's own command never ran", () => {
  const init = [{ name: "fetch", state: { terminated: { exitCode: 2 } } }];
  expect(viewOf(pod({ phase: "Failed", initContainerStatuses: init }))).toEqual({
    kind: "lost",
    reason: "init container 'fetch' ended with exit code 2",
  });
});

test("a deletion is dated by when it was asked for, not by when its grace is over", () => {
  const status = { phase: "Failed", ...main({ terminated: { exitCode: 143, startedAt, finishedAt } }) };
  const metadata = { deletionTimestamp: "2026-01-01T00:00:32Z", deletionGracePeriodSeconds: 30 };
  expect(viewOf(pod(status, metadata))).toMatchObject({ deletedAt: at("2026-01-01T00:00:02Z") });
});

test("a status that is empty or strange is waited for", () => {
  expect(viewOf({ metadata: { name: "p" } })).toEqual({ kind: "waiting", message: "Pending" });
  expect(viewOf(pod({ phase: "Unknown" }))).toMatchObject({ kind: "lost" });
});
