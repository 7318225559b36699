import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Executor, StepEnd, StepRequest } from "@sluice/engine";
import { EventReader, shStep } from "@sluice/engine/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { candidateFor, candidatesHere, type LocalBench, makeLocalBench } from "./local-bench.ts";

const candidates = await candidatesHere();

for (const isolation of ["namespaces", "namespaces-unprivileged"] as const) {
  const { ok, reason } = candidateFor(candidates, isolation);
  describe.skipIf(!ok)(`a step in ${isolation}${ok ? "" : ` (skipped: ${reason})`}`, () => {
    let bench: LocalBench;
    let executor: Executor;
    let reader: EventReader;
    beforeEach(async () => {
      bench = await makeLocalBench(isolation);
      executor = await bench.open();
      reader = new EventReader(executor);
    });
    afterEach(async () => {
      await reader[Symbol.asyncDispose]();
      await executor[Symbol.asyncDispose]();
      await bench[Symbol.asyncDispose]();
    });
    async function run(
      source: string,
      over: Partial<StepRequest> = {},
    ): Promise<StepEnd & { result?: string }> {
      const step = shStep(source, { captureResult: true, ...over });
      await executor.start(step);
      return reader.ended(step.id);
    }

    test("writes anywhere, and nothing of it reaches this machine", async () => {
      const end = await run(
        "echo x > /sluice-was-here && echo x > /etc/sluice-was-here && rm -r /usr/share/doc && echo x > /tmp/sluice-was-here && cat /etc/sluice-was-here",
      );
      expect(end).toMatchObject({ exitCode: 0, result: "x" });
      for (const dir of ["/", "/etc", "/tmp"]) expect(existsSync(join(dir, "sluice-was-here"))).toBe(false);
      expect(existsSync("/usr/share/doc")).toBe(true);
    });

    test("sees its own processes only, under a host name of its own", async () => {
      const end = await run("cd /proc; ls -d [0-9]* | wc -l; hostname");
      const [processes, name] = (end.result ?? "").split("\n");
      expect(Number(processes)).toBeLessThan(10);
      expect(name).not.toBe(hostname());
    });

    test("sees the state folder of the executor, and what else is hidden, empty", async () => {
      const hidden = "/var/tmp/sluice-hidden-test";
      mkdirSync(hidden, { recursive: true });
      writeFileSync(join(hidden, "credential"), "secret");
      await using second = await bench.open({ hide: [hidden] });
      await using secondReader = new EventReader(second);
      const step = shStep(`ls -A ${hidden} ${bench.stateDir} 2>/dev/null | grep -v :; echo end`, {
        captureResult: true,
      });
      await second.start(step);
      expect((await secondReader.ended(step.id)) as { result?: string }).toMatchObject({
        result: expect.stringMatching(/^\s*end$/),
      });
    });

    test("cannot reach this machine through devices, kernel settings or process 1", async () => {
      const end = await run(
        [
          "mknod /disk b 254 0 2>/dev/null && echo made a device",
          "(echo x > /proc/sys/kernel/hostname) 2>/dev/null && echo wrote a setting",
          "ls /proc/1/root/ >/dev/null 2>&1 && echo saw the root of process 1",
          "mount -t tmpfs none /mnt 2>/dev/null && echo mounted",
          "chroot / true 2>/dev/null && echo changed root",
          "unshare -U true 2>/dev/null && echo made a user namespace",
          "echo end",
        ].join("\n"),
      );
      expect(end.result).toBe("end");
    });

    test("gets a small environment with nothing of ours, and keeps its secrets out of its folder", async () => {
      process.env["SLUICE_TEST_CREDENTIAL"] = "nats-credential";
      const references = {
        secret: async () => Buffer.from("s3cr3t-value"),
        configMap: async () => undefined,
      };
      await using second = await bench.open({ references });
      await using secondReader = new EventReader(second);
      const env = [{ name: "TOKEN", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }];
      const step = shStep("", {
        captureResult: true,
        work: {
          kind: "script",
          script: { image: "alpine:3", command: ["sh"], source: "env; test ${#TOKEN} = 12", env },
        },
      });
      await second.start(step);
      const end = (await secondReader.ended(step.id)) as { exitCode?: number; result?: string };
      delete process.env["SLUICE_TEST_CREDENTIAL"];

      expect(end.exitCode).toBe(0);
      const names = (end.result ?? "")
        .split("\n")
        .map((line) => line.split("=")[0])
        .sort();
      expect(names).toEqual(
        [
          "ARGO_PROGRESS_FILE",
          "HOME",
          "HOSTNAME",
          "LANG",
          "OLDPWD",
          "PATH",
          "PWD",
          "SLUICE_RUN",
          "SLUICE_STEP",
          "TMPDIR",
          "TOKEN",
          "TRACEPARENT",
        ].filter((name) => name !== "OLDPWD" || names.includes(name)),
      );
      // Everything that was written for the step; a box's other folders are what the step itself wrote and saw.
      const folders = ["steps", "boxes"].flatMap((kind) =>
        readdirSync(join(bench.stateDir, kind)).flatMap((name) => {
          const folder = join(bench.stateDir, kind, name);
          return kind === "steps" ? [folder] : [folder, join(folder, "staging")];
        }),
      );
      const written = folders.flatMap((folder) => readdirSync(folder, { withFileTypes: true }));
      const files = written.filter((file) => file.isFile() && file.name !== "stdout");
      expect(files.map(({ name }) => name)).toEqual(expect.arrayContaining(["claim", "fstab", "exit"]));
      for (const { parentPath, name } of files)
        expect(readFileSync(join(parentPath, name), "utf8")).not.toContain("s3cr3t-value");
    });

    test("that is killed takes everything that it started with it", async () => {
      const step = shStep(
        "echo ready; i=0; while [ $i -lt 40 ]; do setsid sh -c 'sleep 600 & sleep 600' & i=$((i+1)); done; wait",
      );
      await executor.start(step);
      await reader.line(step.id, "ready");
      await executor.stop(step.id, "kill");
      expect(await reader.ended(step.id)).toMatchObject({ exitCode: 137 });
    });

    test("that leaves a process behind ends when its command ends", async () => {
      expect(await run("sleep 600 & echo done")).toMatchObject({ exitCode: 0, result: "done" });
    });

    test("gives outputs back from wherever it wrote them, but not this machine's files through a link", async () => {
      const end = await run(
        `echo a > /tmp/a; mkdir -p /deep/er && echo b > /deep/er/b; ln -s ${join(bench.stateDir, "engines.json")} /tmp/link; rm -r /argo/out 2>/dev/null; ln -s /etc/hostname /argo/out/3; exit 0`,
        {
          outputPaths: ["/tmp/a", "/deep/er/b", "/tmp/link", "/nowhere"].map((path, i) => ({
            name: `o${i}`,
            path,
          })),
        },
      );
      expect(end).toMatchObject({ outputs: { o0: "a", o1: "b" } });
      if (end.type === "finished")
        expect([end.outputs["o2"], end.outputs["o3"]]).toEqual([undefined, undefined]);
    });

    test("that says more than is taken has its last 256 kB as its result", async () => {
      const end = await run("head -c 100000000 /dev/zero | tr '\\0' x; echo; echo the end");
      expect(end.result?.length).toBe(256 * 1_024 - 1);
      expect(end.result?.endsWith("x\nthe end")).toBe(true);
    });

    test("is told which output file is too large, and by what bound", async () => {
      const end = await run("head -c 1000000 /dev/zero >/tmp/big; echo x >/tmp/small", {
        outputPaths: [
          { name: "big", path: "/tmp/big" },
          { name: "small", path: "/tmp/small" },
        ],
      });
      expect(end).toMatchObject({ outputs: { small: "x" }, unread: { big: expect.any(String) } });
      if (end.type === "finished")
        expect(end.unread?.["big"]).toBe(
          "output parameter 'big' has more than 262144 B at /tmp/big, at most 262144 B are taken",
        );
    });

    test("gets an emptyDir and a secret as files", async () => {
      const references = { secret: async () => Buffer.from("file-value"), configMap: async () => undefined };
      await using second = await bench.open({ references });
      await using secondReader = new EventReader(second);
      const volumeMounts = [
        { name: "data", mountPath: "/data/in" },
        { name: "keys", mountPath: "/var/run/keys", readOnly: true },
      ];
      const source =
        "echo x > /data/in/f && cat /data/in/f /var/run/keys/k.txt; (echo y > /var/run/keys/new) 2>/dev/null || echo ' read-only'";
      const step = shStep("", {
        captureResult: true,
        work: { kind: "script", script: { image: "alpine:3", command: ["sh"], source, volumeMounts } },
        pod: {
          volumes: [
            { name: "data", emptyDir: {} },
            { name: "keys", secret: { secretName: "s", items: [{ key: "k", path: "k.txt" }] } },
          ],
        },
      });
      await second.start(step);
      expect(await secondReader.ended(step.id)).toMatchObject({
        exitCode: 0,
        result: "x\nfile-value read-only",
      });
    });

    test("without a command is refused when its image is unknown, and runs when it is known", async () => {
      const unknown = shStep("", { work: { kind: "container", container: { image: "some/thing:1" } } });
      await executor.start(unknown);
      expect(await reader.ended(unknown.id)).toMatchObject({
        type: "refused",
        code: "LOCAL_COMMAND_UNKNOWN",
      });

      const known = shStep("", {
        captureResult: true,
        work: {
          kind: "container",
          container: { image: "argoproj/argosay:v2", args: ["echo", "a message", "/tmp/m"] },
        },
        outputPaths: [{ name: "m", path: "/tmp/m" }],
      });
      await executor.start(known);
      expect(await reader.ended(known.id)).toMatchObject({ exitCode: 0, outputs: { m: "a message" } });
    });

    test("whose program is nowhere says which, and fails as a shell does", async () => {
      const step = shStep("", {
        work: { kind: "container", container: { image: "busybox", command: ["no-such-program", "x"] } },
      });
      await executor.start(step);
      expect(await reader.ended(step.id)).toMatchObject({
        exitCode: 127,
        message: 'main: Error (exit code 127): exec: "no-such-program": executable file not found in $PATH',
      });
    });

    test("finds a well-known image's program at its place also from a shell", async () => {
      const step = shStep("/argosay echo placed", {
        captureResult: true,
        work: {
          kind: "container",
          container: {
            image: "argoproj/argosay:v2",
            command: ["sh", "-c"],
            args: ["/argosay echo placed"],
          },
        },
      });
      await executor.start(step);
      expect(await reader.ended(step.id)).toMatchObject({ exitCode: 0, result: "placed" });
    });
  });
}
