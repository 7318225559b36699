import { executorConformance } from "@sluice/engine/testing";
import type { KubeObject } from "@sluice/kube";
import { resources } from "@sluice/kube";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { clusterMissing, useCluster } from "./cluster.ts";
import { container, image, installId, openExecutor, Session, script } from "./steps.ts";

describe.skipIf(clusterMissing() !== undefined)("on a real cluster", () => {
  const cluster = useCluster();

  executorConformance("kubernetes", async () => {
    const id = installId();
    return {
      image,
      open: async () => openExecutor(cluster, { installId: id }),
      async [Symbol.asyncDispose]() {},
    };
  });

  describe("a step as a pod", () => {
    let id: string;
    let session: Session;
    beforeEach(() => {
      id = installId();
      session = new Session(openExecutor(cluster, { installId: id }));
    });
    afterEach(async () => {
      await session.executor.adopt([]);
      await session[Symbol.asyncDispose]();
    });
    const pods = async (): Promise<readonly KubeObject[]> => {
      const labelSelector = `sluice.dev/install=${id}`;
      return (await cluster.client.list(resources.pods, { namespace: cluster.namespace, labelSelector }))
        .items;
    };
    const onlyPod = async (): Promise<KubeObject> => {
      const all = await pods();
      expect(all).toHaveLength(1);
      return all[0] as KubeObject;
    };

    test("keeps dollar signs, quotes and missing newlines of a script as they are written", async () => {
      const source = `printf '%s|%s|%s' "$((1+1))" '$(HOME) $$ $(date)' "$(echo it\\'s)"`;
      const end = await session.run(script(source, { captureResult: true }));

      expect(end).toMatchObject({ exitCode: 0, result: "2|$(HOME) $$ $(date)|it's" });
    });

    test("gives stdout alone as a script's result, and every line of its log once and in order", async () => {
      const source =
        'set -x; i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo "line $i"; done 2>/dev/null; echo';
      const step = script(source, { captureResult: true });
      const end = await session.run(step);

      const lines = Array.from({ length: 3_000 }, (_, n) => `line ${n + 1}`);
      expect(end).toMatchObject({ exitCode: 0, result: `${lines.join("\n")}\n` });
      const logged = session.reader.lines(step.id).filter((line) => line.startsWith("line "));
      expect(logged).toEqual(lines);
      expect(session.reader.lines(step.id).join()).not.toContain("sluice");
    });

    test("runs a python script of the coin flip, and takes its word", async () => {
      const source =
        'import random\nresult = "heads" if random.randint(0,1) == 0 else "tails"\nprint(result)\n';
      const flip = script("", {
        captureResult: true,
        work: { kind: "script", script: { image: "python:alpine3.6", command: ["python"], source } },
      });
      const end = await session.run(flip);

      expect(end).toMatchObject({ type: "finished", exitCode: 0 });
      expect(end.type === "finished" && end.result).toMatch(/^(heads|tails)$/);
    });

    test("runs a plain container with no addition, and takes its result from the log", async () => {
      const end = await session.run(
        container(undefined, {
          captureResult: true,
          container: { image: "argoproj/argosay:v2", args: ["echo", "from the entrypoint"] },
        }),
      );

      expect(end).toMatchObject({ exitCode: 0, result: "from the entrypoint" });
      const spec = (await onlyPod())["spec"] as {
        containers: unknown[];
        automountServiceAccountToken: boolean;
      };
      expect(spec.containers[0]).not.toHaveProperty("command");
      expect(spec.automountServiceAccountToken).toBe(false);
    });

    test("reads an output file of an image whose entrypoint is known", async () => {
      const step = container(undefined, {
        container: { image: "argoproj/argosay:v2", args: ["echo", "said", "/tmp/deep/said.txt"] },
        outputPaths: [{ name: "said", path: "/tmp/deep/said.txt" }],
      });

      expect(await session.run(step)).toMatchObject({ exitCode: 0, outputs: { said: "said" } });
    });

    test("gives lines of 100 kB whole, in pieces", async () => {
      const step = container(["python3", "-c", "print('a' * 100000 + 'z')"]);
      await session.run(step);

      const lines = session.reader.lines(step.id);
      expect(lines.map((line) => line.length)).toEqual([64_000, 36_001]);
      expect(lines.join("")).toBe(`${"a".repeat(100_000)}z`);
    });

    test("is adopted by the next process in the middle, in the same pod", async () => {
      const step = script("echo before; sleep 2; echo after; exit 3", { captureResult: true });
      await session.executor.start(step);
      await session.reader.line(step.id, "before");
      const { uid } = (await onlyPod()).metadata;
      await session[Symbol.asyncDispose]();

      session = new Session(openExecutor(cluster, { installId: id }));
      await session.executor.adopt([step]);
      await session.executor.start(step);

      expect(await session.reader.ended(step.id)).toMatchObject({ exitCode: 3, result: "before\nafter" });
      expect((await onlyPod()).metadata.uid).toBe(uid);
    });

    test("attaches to its pod also when it is started before anything was adopted", async () => {
      const step = script("exit 3");
      await session.run(step);
      await session[Symbol.asyncDispose]();

      session = new Session(openExecutor(cluster, { installId: id }));
      expect(await session.run(step)).toMatchObject({ type: "finished", exitCode: 3 });
      await onlyPod();
    });

    test("is lost when somebody deletes its pod", async () => {
      const step = script("echo ready; sleep 600", { graceMs: 1_000 });
      await session.executor.start(step);
      await session.reader.line(step.id, "ready");

      await cluster.client.delete(resources.pods, (await onlyPod()).metadata);

      expect(await session.reader.ended(step.id)).toMatchObject({ type: "lost", reason: "pod deleted" });
    });

    test("says why it waits, and is refused when its image cannot be had", async () => {
      const step = container(["true"], {
        container: { image: "localhost:1/none:1", imagePullPolicy: "Never" },
      });
      const end = await session.run(step);

      expect(end).toMatchObject({ type: "refused", code: "KUBEEXEC_STUCK" });
      expect(session.reader.events.find((event) => event.type === "pending")).toBeDefined();
    });

    test("is refused with the server's own words when the manifest is invalid", async () => {
      const end = await session.run(container(["true"], { pod: { nodeSelector: { "not valid!": "x" } } }));

      expect(end).toMatchObject({ type: "refused", code: "KUBEEXEC_POD_REFUSED" });
      expect(end.type === "refused" && end.message).toContain("nodeSelector");
    });

    test("says that it ran out of memory", async () => {
      const step = container(["python3", "-c", "x = 'a' * 200_000_000; print(len(x))"], {
        container: { resources: { limits: { memory: "32Mi" } } },
      });

      expect(await session.run(step)).toMatchObject({
        exitCode: 137,
        message: expect.stringContaining("OOM"),
      });
    });

    test("fails with 127 when its command does not exist", async () => {
      expect(await session.run(container(["no-such-command"]))).toMatchObject({
        type: "finished",
        exitCode: 127,
        message: expect.stringContaining("no-such-command"),
      });
    });

    test("leaves nothing behind once it is forgotten", async () => {
      const step = script("echo x");
      await session.run(step);
      await onlyPod();

      await session.executor.forget(step.id);
      expect(await pods()).toEqual([]);
    });

    test("twenty at once all end, each with its own result", async () => {
      const steps = Array.from({ length: 20 }, (_, n) => script(`echo result-${n}`, { captureResult: true }));
      await Promise.all(steps.map((step) => session.executor.start(step)));
      const ends = await Promise.all(steps.map((step) => session.reader.ended(step.id)));

      expect(ends.map((end) => end.type === "finished" && end.result)).toEqual(
        steps.map((_, n) => `result-${n}`),
      );
    });
  });
});
