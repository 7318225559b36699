// How far a run is and how long it may take, with real processes: over a crash, in the API and on the command line.
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
import { jsonOf, write } from "./cli-fixtures.ts";
import { SluiceProcess } from "./sluice-process.ts";

interface Shown {
  readonly status?: {
    readonly phase?: string;
    readonly progress?: string;
    readonly estimatedDuration?: number;
    readonly nodes?: Readonly<
      Record<
        string,
        { readonly type: string; readonly progress?: string; readonly estimatedDuration?: number }
      >
    >;
  };
}

/** Where steps wait until the test lets them go on. */
class Gate implements AsyncDisposable {
  readonly #server = createServer();
  readonly #waiting: Socket[] = [];

  static async open(): Promise<Gate> {
    const gate = new Gate();
    gate.#server.on("connection", (socket) => {
      socket.on("error", () => {});
      gate.#waiting.push(socket);
      gate.#server.emit("waiting");
    });
    gate.#server.listen(0, "127.0.0.1");
    await once(gate.#server, "listening");
    return gate;
  }

  /** A shell command that waits here. */
  get wait(): string {
    return `exec 3<>/dev/tcp/127.0.0.1/${(this.#server.address() as AddressInfo).port}; read go <&3`;
  }

  /** Lets the next step go on, once it waits. */
  async next(): Promise<void> {
    while (this.#waiting.length === 0) await once(this.#server, "waiting");
    this.#waiting.shift()?.end("go\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#waiting) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** The workflow as soon as `match` holds, by the server's own watch. */
async function until(sluice: SluiceProcess, name: string, match: (of: Shown) => boolean): Promise<Shown> {
  const stop = new AbortController();
  const path = "/api/v1/workflow-events/default";
  const reader = (await fetch(`${sluice.url}${path}`, { signal: stop.signal })).body?.getReader();
  try {
    for (;;) {
      const shown = await sluice.json<Shown>("GET", `/api/v1/workflows/default/${name}`);
      if (match(shown)) return shown;
      if ((await reader?.read())?.done !== false) throw new Error("the watch ended before");
    }
  } finally {
    stop.abort();
  }
}

const podOf = ({ status }: Shown) =>
  Object.values(status?.nodes ?? {}).find(({ type }) => type === "Pod") ?? { type: "none" };

test("a run of a template says how far it is and how long it may take, also after a crash of the server", async () => {
  await using gate = await Gate.open();
  await using sluice = await SluiceProcess.prepare();
  await sluice.up();
  const source = `echo 30/100 >"$ARGO_PROGRESS_FILE"; ${gate.wait}; echo 60/100 >>"$ARGO_PROGRESS_FILE"; sleep 1`;
  const template = `
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: { name: slow }
spec:
  entrypoint: main
  templates:
    - name: main
      steps: [[{ name: a, template: work }]]
    - name: work
      metadata: { annotations: { workflows.argoproj.io/progress: 0/100 } }
      container: { image: "alpine:3.6", command: [bash, -c], args: ['${source}'] }
`;
  expect((await sluice.run("apply", "-f", await write(sluice, "slow.yaml", template))).code).toBe(0);
  const submit = async (name: string): Promise<void> => {
    const from = ["--from", "workflowtemplate/slow", "--name", name, "-o", "json"];
    expect(jsonOf(await sluice.run("submit", ...from)).metadata.name).toBe(name);
  };
  await submit("first");
  await gate.next();
  const first = await until(sluice, "first", ({ status }) => status?.phase === "Succeeded");
  expect(first.status?.progress).toBe("100/100");

  await submit("second");
  const isThere = (shown: Shown) =>
    podOf(shown).progress === "30/100" && shown.status?.estimatedDuration !== undefined;
  const running = await until(sluice, "second", isThere);
  expect(running.status?.progress).toBe("30/100");
  expect(running.status?.estimatedDuration).toBeGreaterThanOrEqual(1);
  expect(podOf(running).estimatedDuration).toBeGreaterThanOrEqual(1);
  const { stdout } = await sluice.run("get", "second");
  expect(stdout).toMatch(/EstimatedDuration: +\d/);
  expect(stdout).toMatch(/Progress: +30\/100/);
  expect(stdout).toMatch(/a +work .* of ~.* 30\/100/);

  await sluice.kill();
  await sluice.up();
  const again = await until(sluice, "second", isThere);
  expect(again.status?.estimatedDuration).toBe(running.status?.estimatedDuration);
  await gate.next();
  const ended = await until(sluice, "second", ({ status }) => status?.phase === "Succeeded");
  expect(ended.status?.progress).toBe("100/100");
  expect((await sluice.run("list")).stdout).toMatch(/second +Succeeded .* 100\/100/);
}, 120_000);
