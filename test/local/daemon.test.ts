// Daemons on this machine, with real servers: how their readiness is seen on the network that all steps share.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { Scope } from "@sluice/base";
import type { Executor, StepRequest } from "@sluice/engine";
import { EventReader, shStep } from "@sluice/engine/testing";
import type { Container } from "@sluice/spec";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../free-port.ts";
import { candidateFor, candidatesHere, type LocalBench, makeLocalBench } from "./local-bench.ts";

const candidates = await candidatesHere();
const isolations = ["process", "namespaces", "namespaces-unprivileged"] as const;

type Probe = NonNullable<Container["readinessProbe"]>;

/** A server of node's own that answers at `port` after `afterMs`, with this status. */
const serve = (port: number, afterMs: number, status = 200) =>
  `setTimeout(() => require("node:http").createServer((q, r) => { r.statusCode = q.headers["x-probe"] === "no" ? 500 : ${status}; r.end(); }).listen(${port}, () => console.log("listens")), ${afterMs})`;

/** A user namespace does not show every folder of the machine, and so perhaps not the node that runs this. */
const nodeIn = (isolation: string): string | undefined =>
  isolation === "namespaces-unprivileged"
    ? ["/usr/bin/node", "/usr/local/bin/node"].find((path) => existsSync(path))
    : process.execPath;
const isHere = (isolation: string): boolean =>
  nodeIn(isolation) !== undefined && (isolation === "process" || candidateFor(candidates, isolation).ok);

function makeServer(node: string, source: string, readinessProbe: Probe, more: object = {}): StepRequest {
  return shStep("", {
    daemon: true,
    graceMs: 300,
    work: {
      kind: "container",
      container: { image: "node", command: [node, "-e", source], readinessProbe, ...more },
    },
  });
}

const hasIp = (process.env["PATH"] ?? "").split(":").some((dir) => existsSync(`${dir}/ip`));

const addressesHere = (): readonly string[] =>
  Object.values(networkInterfaces()).flatMap((entries) => (entries ?? []).map(({ address }) => address));

/** A process that has entered the network of a step, and stays when the step ends. */
async function aGuestOf({ stateDir }: LocalBench, stepId: string): Promise<ChildProcess> {
  const claim = readFileSync(join(stateDir, "steps", stepId, "claim"), "utf8");
  const pid = /^\S+ (\d+) /.exec(claim)?.[1] ?? "";
  const guest = spawn("nsenter", ["--target", pid, "--net", "sh", "-c", "echo in; exec tail -f /dev/null"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  await once(guest.stdout, "data");
  return guest;
}

for (const isolation of isolations)
  describe.skipIf(!isHere(isolation))(`a daemon with ${isolation}`, () => {
    const node = nodeIn(isolation) ?? "";
    const hasOwnNetwork = isolation === "namespaces" && hasIp;
    const aServer = (source: string, probe: Probe, more?: object) => makeServer(node, source, probe, more);
    let bench: LocalBench;
    let executor: Executor;
    let reader: EventReader;
    beforeAll(async () => {
      bench = await makeLocalBench(isolation);
      executor = await bench.open();
      reader = new EventReader(executor);
      await executor.adopt([]);
    }, 60_000);
    afterAll(async () => {
      await reader[Symbol.asyncDispose]();
      await executor[Symbol.asyncDispose]();
      await bench[Symbol.asyncDispose]();
    }, 60_000);

    test("is ready when its http server answers with 200 to 399, at a port by its name", async () => {
      const port = await freePort();
      const step = aServer(
        serve(port, 300, 302),
        { httpGet: { path: "health", port: "web" } },
        { ports: [{ name: "web", containerPort: port }] },
      );
      await executor.start(step);

      const { ip } = await reader.ready(step.id);
      expect((await fetch(`http://${ip}:${port}/`, { redirect: "manual" })).status).toBe(302);
      await reader.line(step.id, "listens");
      await executor.stop(step.id, "kill");
      await reader.ended(step.id);
      await expect(fetch(`http://${ip}:${port}/`)).rejects.toThrow();
    }, 60_000);

    test("is ready when its port takes connections, and a failing answer is no answer", async () => {
      const [tcp, http] = [await freePort(), await freePort()];
      const open = aServer(serve(tcp, 0, 500), { tcpSocket: { port: tcp } });
      const failing = aServer(serve(http, 0), {
        httpGet: { port: http, httpHeaders: [{ name: "x-probe", value: "no" }] },
      });
      await executor.start(failing);
      await executor.start(open);

      await reader.line(failing.id, "listens");
      await reader.ready(open.id);
      for (const { id } of [open, failing]) await executor.stop(id, "kill");
      await reader.ended(failing.id);
      expect(reader.events.some((e) => e.type === "ready" && e.stepId === failing.id)).toBe(false);
    }, 60_000);

    test.skipIf(hasOwnNetwork)(
      "is not ready while its port is another process's, and says so",
      async () => {
        const server = createServer((socket) => socket.destroy());
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        const { port } = server.address() as { readonly port: number };
        const step = aServer("setInterval(() => {}, 1000)", { tcpSocket: { port } });
        await executor.start(step);

        const said = await reader.until((e) =>
          e.type === "pending" && e.stepId === step.id && e.message.includes("port") ? e.message : undefined,
        );
        expect(said).toBe(
          `port ${port} of this machine is another process's, and the step's readinessProbe asks there`,
        );
        await executor.stop(step.id, "kill");
        await reader.ended(step.id);
        expect(reader.events.some((e) => e.type === "ready" && e.stepId === step.id)).toBe(false);
        await new Promise((resolve) => server.close(resolve));
      },
      60_000,
    );

    test.skipIf(!hasOwnNetwork)(
      "whose port is another daemon's has a network of its own, also for the next instance",
      async () => {
        const port = await freePort();
        const steps = [302, 204, 205].map((status) => aServer(serve(port, 0, status), { httpGet: { port } }));
        const addresses: string[] = [];
        for (const step of steps) await executor.start(step);
        for (const { id } of steps) addresses.push((await reader.ready(id)).ip ?? "");
        expect(new Set(addresses).size).toBe(3);
        const statuses = await Promise.all(
          addresses.map(async (ip) => (await fetch(`http://${ip}:${port}/`, { redirect: "manual" })).status),
        );
        expect(statuses).toEqual([302, 204, 205]);

        await using next = await bench.open();
        await using again = new EventReader(next);
        await executor.detach(steps.map(({ id }) => id));
        await next.adopt(steps, () => false);
        for (const [i, { id }] of steps.entries()) expect((await again.ready(id)).ip).toBe(addresses[i]);
        // A network lasts for as long as anybody is in it.
        await using guests = new Scope();
        for (const { id } of steps.slice(1)) {
          const guest = await aGuestOf(bench, id);
          guests.defer(() => void guest.kill("SIGKILL"));
        }
        for (const { id } of steps) {
          await next.stop(id, "kill");
          await again.ended(id);
        }
        const hostsEnds = addresses.slice(1).map((ip) => ip.replace(/\d+$/, (last) => `${Number(last) - 1}`));
        expect(addressesHere().filter((address) => hostsEnds.includes(address))).toEqual([]);
      },
      60_000,
    );

    test("whose server stops answering is killed and has failed, also when only the next instance sees it", async () => {
      const port = await freePort();
      const source = `${serve(port, 0)}; process.on("SIGTERM", () => process.exit(0)); setInterval(() => {}, 1_000);`;
      const probe = { httpGet: { port, path: "/" }, periodSeconds: 1 };
      const step = aServer(
        source.replace("r.end()", "q.url === '/ill' ? (q.socket.end(), q.socket.server.close()) : r.end()"),
        probe,
        {
          livenessProbe: { ...probe, failureThreshold: 2, terminationGracePeriodSeconds: 5 },
        },
      );
      await executor.start(step);
      const { ip } = await reader.ready(step.id);

      await using next = await bench.open();
      await using again = new EventReader(next);
      await executor.detach([step.id]);
      await next.adopt([step], () => false);
      await again.ready(step.id);
      await fetch(`http://${ip}:${port}/ill`).catch(() => undefined);
      // It ends well at SIGTERM; it was ill all the same.
      expect(await again.ended(step.id)).toMatchObject({
        type: "finished",
        exitCode: 137,
        message: "main: livenessProbe failed 2 times in a row (exit code 137)",
      });
    }, 60_000);

    test("and any other step is killed when its startup probe never succeeds", async () => {
      const startupProbe = { exec: { command: ["false"] }, periodSeconds: 1, failureThreshold: 2 };
      const script = { image: "node", command: ["sh"], source: "sleep 600", startupProbe };
      for (const daemon of [true, false]) {
        const step = shStep("", { daemon, graceMs: 300, work: { kind: "script", script } });
        await executor.start(step);
        expect(await reader.ended(step.id)).toMatchObject({
          exitCode: 137,
          message: "main: startupProbe failed 2 times in a row (exit code 137)",
        });
        expect(reader.events.some((e) => e.type === "ready" && e.stepId === step.id)).toBe(false);
      }
    }, 60_000);

    test("with a probe that cannot be asked is refused", async () => {
      const step = aServer("", { grpc: { port: 1 } });
      await executor.start(step);
      expect(await reader.ended(step.id)).toMatchObject({
        type: "refused",
        code: "LOCAL_FIELD_UNSUPPORTED",
        message: "field 'readinessProbe.grpc' cannot be served here: gRPC is not spoken",
      });
      const ill = aServer("", { tcpSocket: { port: 1 } }, { livenessProbe: { httpGet: { port: "web" } } });
      await executor.start(ill);
      expect(await reader.ended(ill.id)).toMatchObject({
        message:
          "field 'livenessProbe.httpGet.port' cannot be served here: 'web' is no port of the container",
      });
    }, 60_000);

    test("of several containers is ready when each of their probes succeeds", async () => {
      const [main, side] = [await freePort(), await freePort()];
      const step: StepRequest = {
        ...aServer(serve(main, 0), { httpGet: { port: main } }),
        pod: {
          sidecars: [
            {
              name: "side",
              image: "node",
              command: [node, "-e", serve(side, 500)],
              readinessProbe: { tcpSocket: { port: side } },
            },
          ],
        },
      };
      await executor.start(step);

      await reader.ready(step.id);
      expect((await fetch(`http://127.0.0.1:${side}/`)).status).toBe(200);
      await executor.stop(step.id, "kill");
      await reader.ended(step.id);
    }, 60_000);
  });
