import { hasCode, SeededRandom, silentLogger } from "@sluice/base";
import { VirtualClock } from "@sluice/base/testing";
import type { Executor, StepEvent, StepRequest } from "@sluice/engine";
import { EventReader, shStep } from "@sluice/engine/testing";
import { KubeError, resources } from "@sluice/kube";
import { FakeKube } from "@sluice/kube/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeKubernetesExecutor } from "./executor.ts";
import { annotation, podName } from "./names.ts";

const where = { what: "POST pods", said: "test" };
const startedAt = "2026-01-01T00:00:01Z";
const finishedAt = "2026-01-01T00:00:03Z";
const running = {
  phase: "Running",
  containerStatuses: [{ name: "main", state: { running: { startedAt } } }],
};
const terminated = (exitCode: number, more: object = {}) => ({
  phase: exitCode === 0 ? "Succeeded" : "Failed",
  containerStatuses: [{ name: "main", state: { terminated: { exitCode, startedAt, finishedAt, ...more } } }],
});
const waiting = (reason: string, message: string) => ({
  phase: "Pending",
  containerStatuses: [{ name: "main", state: { waiting: { reason, message } } }],
});

/** A container without a wrapper: its log is its own. */
const plain = (over: Partial<StepRequest> = {}): StepRequest =>
  shStep("", { work: { kind: "container", container: { image: "busybox", command: ["x"] } }, ...over });

describe("the Kubernetes executor over an API server that fails", () => {
  let kube: FakeKube;
  let clock: VirtualClock;
  let executor: Executor;
  let reader: EventReader;

  const open = () => {
    executor = makeKubernetesExecutor({
      client: kube,
      clock,
      random: new SeededRandom(7),
      log: silentLogger,
      installId: "one",
      stuckAfterMs: 60_000,
    });
    reader = new EventReader(executor);
  };
  const close = async () => {
    await reader[Symbol.asyncDispose]();
    await executor[Symbol.asyncDispose]();
  };
  beforeEach(async () => {
    kube = new FakeKube();
    clock = new VirtualClock(Date.parse("2026-01-01T00:00:00Z"));
    open();
    await executor.adopt([]);
  });
  afterEach(async () => {
    await close();
    expect(clock.sleeping).toBe(0);
  });

  const ref = (step: StepRequest) => ({ namespace: step.run.namespace, name: podName(step) });
  const status = (step: StepRequest, value: object) =>
    kube.setStatus(resources.pods, ref(step), value as Record<string, unknown>);
  const log = (step: StepRequest, text: string) => kube.writeLog(step.run.namespace, podName(step), text);
  const pending = (step: StepRequest) =>
    reader.until((event: StepEvent) =>
      event.type === "pending" && event.stepId === step.id ? event.message : undefined,
    );

  const upAndReady = (ready: boolean) => ({
    ...running,
    podIP: "10.1.0.7",
    containerStatuses: [{ ...running.containerStatuses[0], ready }],
  });

  test("a daemon is told as ready once its pod's containers are, with the pod's address, and never twice", async () => {
    const daemon = plain({ daemon: true });
    const other = plain();
    await executor.start(daemon);
    await executor.start(other);
    status(daemon, upAndReady(false));
    await reader.until((e) => (e.type === "started" && e.stepId === daemon.id ? e : undefined));
    expect(reader.events.some((e) => e.type === "ready")).toBe(false);

    for (const ready of [true, false, true]) status(daemon, upAndReady(ready));
    status(other, upAndReady(true));
    expect(await reader.ready(daemon.id)).toMatchObject({ ip: "10.1.0.7" });
    for (const step of [daemon, other]) {
      log(step, "");
      status(step, terminated(0));
      await reader.ended(step.id);
    }
    expect(reader.events.filter((e) => e.type === "ready").map((e) => e.stepId)).toEqual([daemon.id]);
  });

  test("what a step's log says of its progress is told when it changed, and at the end", async () => {
    const step = shStep('work --progress "$ARGO_PROGRESS_FILE"');
    await executor.start(step);
    const pod = await kube.get(resources.pods, ref(step));
    const mark = pod.metadata.annotations?.[annotation.mark] ?? "";
    const lines = ["one", "", `${mark}progress 1/4`, "", `${mark}progress soon`, "", `${mark}progress 2/4`];
    const stamped = (text: string) => `${startedAt} ${text}\n`;
    log(step, lines.map(stamped).join(""));
    status(step, running);
    await reader.until((e) => (e.type === "progress" && e.progress === "2/4" ? e : undefined));

    log(step, ["", `${mark}progress 4/4`, "", `${mark}begin 0`, `${mark}end`].map(stamped).join(""));
    status(step, terminated(0));
    expect(await reader.ended(step.id)).toMatchObject({ type: "finished", exitCode: 0, progress: "4/4" });
    const told = reader.events.flatMap((e) => (e.type === "progress" ? e.progress : []));
    expect(told).toEqual(["1/4", "2/4", "4/4"]);
    expect(reader.lines(step.id)).toEqual(["one"]);
  });

  test("a daemon that is ready is told as such to the next instance", async () => {
    const daemon = plain({ daemon: true });
    await executor.start(daemon);
    status(daemon, upAndReady(true));
    await reader.ready(daemon.id);

    await close();
    open();
    expect((await executor.adopt([daemon])).attached).toEqual([daemon.id]);
    expect(await reader.ready(daemon.id)).toMatchObject({ ip: "10.1.0.7" });
  });

  test("repeats a creation that was throttled or failed, and creates one pod", async () => {
    kube.failNext("create", KubeError.THROTTLED({ ...where, retryAfterMs: 20_000 }));
    kube.failNext("create", KubeError.UNAVAILABLE(where));
    const step = plain();
    const started = executor.start(step);
    await clock.advanceBy(19_000);
    expect(kube.calls.filter((call) => call.startsWith("create"))).toHaveLength(1);

    await clock.advanceBy(10_000);
    await started;
    const { items } = await kube.list(resources.pods, {});
    expect(items.map((pod) => pod.metadata.name)).toEqual([podName(step)]);
  });

  test("attaches when a creation was done but its answer got lost", async () => {
    const step = plain();
    await executor.start(step);
    status(step, terminated(4));
    await close();

    open();
    await executor.start(step);
    expect(await reader.ended(step.id)).toMatchObject({ type: "finished", exitCode: 4 });
  });

  test("does not take another installation's pod for its own", async () => {
    const step = plain();
    const { namespace, name } = ref(step);
    await kube.create(resources.pods, {
      metadata: { name, namespace, labels: { "sluice.dev/install": "two" } },
    });

    await executor.start(step);
    expect(await reader.ended(step.id)).toMatchObject({ type: "refused", code: "KUBEEXEC_NAME_TAKEN" });
  });

  test("shows a used-up quota as waiting", async () => {
    kube.failNext("create", KubeError.QUOTA({ ...where, said: "exceeded quota: pods" }));
    const step = plain();
    const started = executor.start(step);

    expect(await pending(step)).toContain("exceeded quota: pods");
    await clock.advanceBy(1_000);
    await started;
  });

  test("waits for an image for its bound, then refuses the step and takes its pod away", async () => {
    const step = plain();
    await executor.start(step);
    status(step, waiting("ImagePullBackOff", 'Back-off pulling image "x"'));
    expect(await pending(step)).toBe("Pending");
    await clock.advanceBy(30_000);
    status(step, waiting("ErrImagePull", "no such host"));
    await clock.advanceBy(29_000);
    expect(reader.events.some((event) => event.type === "refused")).toBe(false);

    await clock.advanceBy(2_000);
    const end = await reader.ended(step.id);
    expect(end).toMatchObject({ type: "refused", code: "KUBEEXEC_STUCK" });
    expect(end.type === "refused" && end.message).toContain("ErrImagePull: no such host");
    await expect(kube.get(resources.pods, ref(step))).rejects.toSatisfy((e) => hasCode(e, "KUBE_NOT_FOUND"));
  });

  test("waits for a place as long as it takes", async () => {
    const step = plain();
    await executor.start(step);
    const conditions = [
      { type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/1 nodes" },
    ];
    status(step, { phase: "Pending", conditions });
    await clock.advanceBy(86_400_000);

    expect(reader.events.map((event) => event.type)).toEqual(["pending", "pending"]);
    expect(reader.events.at(-1)).toMatchObject({ message: "Unschedulable: 0/1 nodes" });
  });

  test("gives each line once although its log breaks off again and again", async () => {
    const step = plain({ captureResult: true });
    await executor.start(step);
    log(step, `${startedAt.replace("Z", ".000000001Z")} one\n`);
    status(step, running);
    await reader.line(step.id, "one");
    log(step, `${startedAt.replace("Z", ".000000001Z")} one\n${finishedAt.replace("Z", ".000000001Z")} tw`);
    await clock.advanceBy(300);
    log(step, "o\n");
    kube.failNext("logs", KubeError.UNAVAILABLE(where));
    status(step, terminated(0));
    await clock.advanceBy(10_000);

    expect(await reader.ended(step.id)).toMatchObject({ exitCode: 0, result: "one\none\ntwo" });
    expect(reader.lines(step.id)).toEqual(["one", "one", "two"]);
  });

  test("ends a step whose log cannot be had any more, since its exit code is known", async () => {
    const step = plain();
    await executor.start(step);
    for (let i = 0; i < 20; i++) kube.failNext("logs", KubeError.UNAVAILABLE(where));
    status(step, terminated(3));
    await clock.advanceBy(60_000);

    expect(await reader.ended(step.id)).toMatchObject({ type: "finished", exitCode: 3 });
  });

  test("tells a pod that vanished while no watch was up as lost", async () => {
    const step = plain();
    await executor.start(step);
    status(step, running);
    await clock.advanceBy(0);
    kube.dropWatches();
    kube.remove(resources.pods, ref(step));
    kube.compact();
    await clock.advanceBy(10_000);

    expect(await reader.ended(step.id)).toMatchObject({ type: "lost", reason: "pod deleted" });
  });

  test("gives a pod up whose node never confirms its deletion", async () => {
    const step = plain();
    await executor.start(step);
    const running10 = { ...status(step, running) };
    await kube.patch(resources.pods, ref(step), {
      type: "merge",
      body: { ...running10, metadata: { deletionTimestamp: "2026-01-01T00:00:30Z" } },
    });
    await clock.advanceBy(89_000);
    expect(reader.events.some((event) => event.type === "lost")).toBe(false);
    await clock.advanceBy(2_000);

    expect(await reader.ended(step.id)).toMatchObject({ type: "lost", reason: "its node does not answer" });
  });

  test("reports an eviction as a failure with its text", async () => {
    const step = plain();
    await executor.start(step);
    status(step, { phase: "Failed", reason: "Evicted", message: "The node was low on resource: memory" });

    expect(await reader.ended(step.id)).toMatchObject({
      type: "finished",
      exitCode: 137,
      message: "The node was low on resource: memory",
    });
  });

  test("stops a step at its deadline, also when its pod says nothing more", async () => {
    const step = plain({ deadlineAt: clock.now() + 5_000 });
    await executor.start(step);
    await clock.advanceBy(5_000);

    expect(await reader.ended(step.id)).toMatchObject({ type: "finished", deadline: true, exitCode: 143 });
  });

  test("ends a step that is stopped before its pod could be made, and makes none later", async () => {
    kube.failNext("create", KubeError.THROTTLED({ ...where, retryAfterMs: 20_000 }));
    const step = plain();
    const started = executor.start(step);
    await clock.advanceBy(1_000);
    await executor.stop(step.id, "term");
    await clock.advanceBy(60_000);
    await started;

    expect(await reader.ended(step.id)).toMatchObject({ type: "finished", exitCode: 143 });
    expect((await kube.list(resources.pods, {})).items).toEqual([]);
  });

  const placed = (step: StepRequest) =>
    kube.patch(resources.pods, ref(step), { type: "merge", body: { spec: { nodeName: "node1" } } });

  test("ends a stopped step at once when its image cannot be had, though its node keeps the pod", async () => {
    const step = plain();
    await executor.start(step);
    await placed(step);
    status(step, waiting("ErrImagePull", "no such host"));
    await executor.stop(step.id, "term");

    expect(await reader.ended(step.id)).toMatchObject({ type: "finished", exitCode: 143 });
    expect((await kube.list(resources.pods, {})).items).toHaveLength(1);
    await executor.forget(step.id);
    expect((await kube.list(resources.pods, {})).items).toEqual([]);
  });

  test("leaves a stopped step its grace when its container may have started unseen", async () => {
    const step = plain();
    await executor.start(step);
    await placed(step);
    status(step, waiting("ContainerCreating", ""));
    await executor.stop(step.id, "term");
    status(step, terminated(5, { startedAt, finishedAt }));

    expect(await reader.ended(step.id)).toMatchObject({ type: "finished", exitCode: 5 });
  });

  test("removes a pod whose creation was answered after its step was stopped and forgotten", async () => {
    const step = plain();
    const forgotten = Promise.withResolvers<void>();
    const create = kube.create.bind(kube);
    kube.create = async (type, object) => {
      await forgotten.promise;
      return create(type, object);
    };
    const started = executor.start(step);
    await executor.stop(step.id, "kill");
    await executor.forget(step.id);
    forgotten.resolve();
    await started;

    expect((await kube.list(resources.pods, {})).items).toEqual([]);
  });

  test("refuses at once, without naming a bound, what can never start", async () => {
    const step = plain();
    await executor.start(step);
    status(step, waiting("ErrImageNeverPull", 'Container image "x" is not present'));

    expect(await reader.ended(step.id)).toMatchObject({
      code: "KUBEEXEC_STUCK",
      message: 'the pod cannot start: ErrImageNeverPull: Container image "x" is not present',
    });
  });

  test("does not create a pod for a step whose time is over", async () => {
    const step = plain({ deadlineAt: clock.now() });
    await executor.start(step);

    expect(await reader.ended(step.id)).toMatchObject({ type: "finished", deadline: true });
    expect((await kube.list(resources.pods, {})).items).toEqual([]);
  });

  test("removes pods of its installation that no run knows, and touches no others", async () => {
    const [known, unknown] = [plain(), plain()];
    await executor.start(known);
    await executor.start(unknown);
    const foreign = { name: "foreign", namespace: "default", labels: { "sluice.dev/install": "two" } };
    await kube.create(resources.pods, { metadata: foreign });
    await close();

    open();
    expect(await executor.adopt([known])).toEqual({ attached: [known.id] });
    const names = (await kube.list(resources.pods, {})).items.map((pod) => pod.metadata.name);
    expect(names.sort()).toEqual(["foreign", podName(known)].sort());
  });

  describe("claims that a run makes for itself", () => {
    const claims = [{ metadata: { name: "wf-work" }, spec: { accessModes: ["ReadWriteOnce"] } }];
    const all = async () => (await kube.list(resources.persistentVolumeClaims, {})).items;
    const owned = (more: Partial<StepRequest> = {}) => plain({ claims, ...more });

    test("are made once before the first pod, and go with their run alone", async () => {
      const step = owned();
      await executor.start(step);
      await executor.start({ ...owned(), run: step.run });
      const mine = (await all()).map(({ metadata, spec }) => ({ name: metadata.name, spec }));
      expect(mine).toEqual([{ name: "wf-work", spec: { accessModes: ["ReadWriteOnce"] } }]);

      await executor.forgetRun?.({ ...step.run, uid: "another" });
      expect(await all()).toHaveLength(1);
      await executor.forgetRun?.(step.run);
      await executor.forgetRun?.(step.run);
      expect(await all()).toEqual([]);
    });

    test("stay the same when the run is tried again under another uid", async () => {
      const step = owned();
      await executor.start(step);
      const run = { ...step.run, uid: "again", firstUid: step.run.uid };
      await executor.start({ ...owned(), run });
      expect(await all()).toHaveLength(1);

      await executor.forgetRun?.(run);
      expect(await all()).toEqual([]);
    });

    test("are found by the next process, which knows of none", async () => {
      const step = owned();
      await executor.start(step);
      await close();
      open();
      await executor.adopt([step]);
      await executor.start({ ...owned(), run: step.run });

      expect(await all()).toHaveLength(1);
      await executor.forgetRun?.(step.run);
      expect(await all()).toEqual([]);
    });

    test("are refused where somebody else's has the name, which stays", async () => {
      await kube.create(resources.persistentVolumeClaims, {
        metadata: { name: "wf-work", namespace: "default" },
      });
      const step = owned();
      await executor.start(step);

      expect(await reader.ended(step.id)).toMatchObject({ type: "refused", code: "KUBEEXEC_CLAIM_TAKEN" });
      expect(await all()).toHaveLength(1);
    });
  });
});
