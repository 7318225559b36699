// Manifests for the end-to-end tests, and what they look at afterwards.
import { writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import type { SluiceProcess } from "./sluice-process.ts";

/** A webhook `hooks/<event>` on a port. */
export const webhookSource = (port: number, events: readonly string[] = ["push"]): string => `
apiVersion: argoproj.io/v1alpha1
kind: EventSource
metadata: { name: hooks }
spec:
  webhook:
${events.map((event) => `    ${event}: { port: "${port}", endpoint: /${event}, method: POST }`).join("\n")}
`;

/** A sensor that submits `workflow` (YAML of a spec) for each event; `dependencies` are event names of `hooks`. */
export const submittingSensor = (options: {
  readonly spec: string;
  readonly dependencies?: readonly string[];
  readonly conditions?: string;
}): string => `
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: { name: runner }
spec:
  dependencies:
${(options.dependencies ?? ["push"]).map((name) => `    - { name: ${name}, eventSourceName: hooks, eventName: ${name} }`).join("\n")}
  triggers:
    - template:
        name: run
${options.conditions === undefined ? "" : `        conditions: "${options.conditions}"\n`}        argoWorkflow:
          operation: submit
          source:
            resource:
              apiVersion: argoproj.io/v1alpha1
              kind: Workflow
              metadata: { generateName: run- }
              spec:
${indent(options.spec, 16)}
`;

export const indent = (text: string, by: number): string =>
  text
    .trim()
    .split("\n")
    .map((line) => " ".repeat(by) + line)
    .join("\n");

/** Writes manifests into the process's folder; returns the file. */
export async function manifestFile(sluice: SluiceProcess, ...texts: readonly string[]): Promise<string> {
  const file = join(sluice.folder, "manifests.yaml");
  await writeFile(file, texts.join("\n---\n"));
  return file;
}

/** Counts who called: each step says its name over TCP, so that what ran twice is seen twice. */
export class Counter implements AsyncDisposable {
  readonly #server: Server;
  readonly #counts = new Map<string, number>();
  readonly #waiters: (() => void)[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  static async listen(): Promise<Counter> {
    const server = createServer();
    const counter = new Counter(server);
    server.on("connection", (socket) => {
      let text = "";
      // Counted when the line is whole: how the connection ends afterwards says nothing about the step.
      socket.setEncoding("utf8").on("data", (part: string) => {
        const lines = (text + part).split("\n");
        text = lines.pop() ?? "";
        for (const line of lines) counter.#count(line.trim());
      });
      socket.on("end", () => socket.end());
      socket.on("error", () => {});
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return counter;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  /** A shell command that says `name` to this counter. */
  say(name: string): string {
    return `exec 3<>/dev/tcp/127.0.0.1/${this.port}; echo ${name} >&3; exec 3>&-`;
  }

  of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  /** Resolves once `name` was said. */
  async said(name: string): Promise<void> {
    while (this.of(name) === 0) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  #count(name: string): void {
    this.#counts.set(name, this.of(name) + 1);
    for (const wake of this.#waiters.splice(0)) wake();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

export interface WorkflowObject {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly status?: {
    readonly phase?: string;
    readonly nodes?: Readonly<
      Record<string, { readonly displayName: string; readonly phase: string; readonly type: string }>
    >;
    readonly outputs?: {
      readonly parameters?: readonly { readonly name: string; readonly value?: string }[];
    };
  };
}

export async function listWorkflows(
  sluice: SluiceProcess,
  namespace = "default",
): Promise<readonly WorkflowObject[]> {
  const answer = await sluice.json<{ items: WorkflowObject[] | null }>(
    "GET",
    `/api/v1/workflows/${namespace}`,
  );
  return answer.items ?? [];
}

/** Waits, by the server's own watch, until `count` workflows have ended; more than that would be seen too. */
export async function workflowsEnded(
  sluice: SluiceProcess,
  count: number,
  namespace = "default",
): Promise<readonly WorkflowObject[]> {
  const stop = new AbortController();
  const response = await fetch(`${sluice.url}/api/v1/workflow-events/${namespace}`, { signal: stop.signal });
  const reader = response.body?.getReader();
  try {
    for (;;) {
      const all = await listWorkflows(sluice, namespace);
      if (all.filter((w) => ["Succeeded", "Failed", "Error"].includes(w.status?.phase ?? "")).length >= count)
        return all;
      const { done } = (await reader?.read()) ?? { done: true };
      if (done) throw new Error("the watch ended before the workflows did");
    }
  } finally {
    stop.abort();
  }
}
