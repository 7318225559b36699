// A daemon and what uses it, as real processes of a real server that is killed meanwhile.
import { createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
import { freePort } from "../free-port.ts";
import { Counter, workflowsEnded } from "./fixtures.ts";
import { SluiceProcess } from "./sluice-process.ts";

/** Where a step waits until the test lets it go on. */
class Gate implements AsyncDisposable {
  readonly #sockets: Socket[] = [];
  readonly #server = createServer((socket) => {
    socket.on("error", () => {});
    if (this.#isOpen) socket.end("go\n");
    else this.#sockets.push(socket);
  });
  readonly port: number;
  #isOpen = false;

  private constructor(port: number) {
    this.port = port;
  }

  static async listen(): Promise<Gate> {
    const gate = new Gate(await freePort());
    await new Promise<void>((resolve) => gate.#server.listen(gate.port, "127.0.0.1", resolve));
    return gate;
  }

  /** A shell command that waits here. */
  get wait(): string {
    return `exec 4<>/dev/tcp/127.0.0.1/${this.port}; read -r -u 4 go`;
  }

  open(): void {
    this.#isOpen = true;
    for (const socket of this.#sockets) socket.end("go\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const workflow = (port: number, counter: Counter, gate: Gate) => ({
  metadata: { name: "served" },
  spec: {
    entrypoint: "main",
    templates: [
      {
        name: "main",
        steps: [
          [{ name: "svc", template: "serve" }],
          [
            {
              name: "use",
              template: "use",
              arguments: { parameters: [{ name: "ip", value: "{{steps.svc.ip}}" }] },
            },
          ],
        ],
      },
      {
        name: "serve",
        daemon: true,
        container: {
          image: "node",
          command: [process.execPath, "-e"],
          args: [
            `require("node:net").createServer((s) => s.on("error", () => {}).end("served\\n")).listen(${port})`,
          ],
          readinessProbe: { tcpSocket: { port } },
        },
      },
      {
        name: "use",
        inputs: { parameters: [{ name: "ip" }] },
        container: {
          image: "bash",
          command: ["bash", "-c"],
          args: [
            `${counter.say("begun")}; ${gate.wait}; read -r said </dev/tcp/{{inputs.parameters.ip}}/${port}; exec 3<>/dev/tcp/127.0.0.1/${counter.port}; echo "$said" >&3; exec 3>&-`,
          ],
        },
      },
    ],
  },
});

const answers = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}`).then(
    () => true,
    // What is there speaks no HTTP: only who is not there refuses.
    (error: { readonly cause?: { readonly code?: string } }) => error.cause?.code !== "ECONNREFUSED",
  );

const local = { args: ["--isolation", "process"] };

/** The workflow runs: its daemon serves at `port`, and what uses it waits at the gate. */
async function begun() {
  await using owned = new AsyncDisposableStack();
  const port = await freePort();
  const counter = owned.use(await Counter.listen());
  const gate = owned.use(await Gate.listen());
  const sluice = owned.use(await SluiceProcess.prepare());
  await sluice.up(local);
  await sluice.json("POST", "/api/v1/workflows/default", { workflow: workflow(port, counter, gate) });
  await counter.said("begun");
  const all = owned.move();
  return { port, counter, gate, sluice, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

test("after a kill -9 the daemon goes on, is adopted, serves to the end of its scope, and is ended with it", async () => {
  await using scene = await begun();
  const { port, counter, gate, sluice } = scene;

  await sluice.kill();
  expect(await answers(port)).toBe(true);
  await sluice.up(local);
  expect(await answers(port)).toBe(true);
  gate.open();
  const [ended] = await workflowsEnded(sluice, 1);

  expect(ended?.status?.phase).toBe("Succeeded");
  expect([counter.of("begun"), counter.of("served")]).toEqual([1, 1]);
  const phases = Object.values(ended?.status?.nodes ?? {}).map((n) => `${n.displayName} ${n.phase}`);
  expect(phases).toContain("svc Succeeded");
  expect(await answers(port)).toBe(false);
}, 120_000);

test("a daemon that the server was about to end, when it was killed, is ended by the next one", async () => {
  await using scene = await begun();
  const { port, counter, gate, sluice } = scene;

  // Nobody is there when what uses the daemon ends.
  await sluice.kill();
  gate.open();
  await counter.said("served");
  expect(await answers(port)).toBe(true);
  await sluice.up(local);
  const [ended] = await workflowsEnded(sluice, 1);

  expect(ended?.status?.phase).toBe("Succeeded");
  expect(await answers(port)).toBe(false);
}, 120_000);
