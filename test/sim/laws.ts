// What holds in every run, whatever happens. Broken, it is an error that names the law.
//   L1. Every node ends, and so does the run.
//   L2. No step is started twice; a node that is fulfilled never changes again.
//   L3. Parallelism, the run's and each template's, is never exceeded.
//   L4. Who works under a mutex is alone, under a semaphore in bounds; what a run ends with holds no lock.
//   L5. The same facts give the same state, also after they were written down and read.
//   L6. A daemon ends before its scope does, and no step of a later group starts before it is ready.
import { createRun, type Fact, projectWorkflow, type Run, reduce } from "@sluice/engine";

const isOpen = (phase: string): boolean => phase === "Pending" || phase === "Running";

export class Laws {
  readonly #starts = new Set<string>();
  readonly #fulfilled = new Map<string, string>();

  started(stepId: string, run: Run): void {
    this.#daemonsReady(stepId, run);
    if (this.#starts.has(stepId)) throw new Error(`L2: step ${stepId} was started twice`);
    this.#starts.add(stepId);
  }

  folding(run: Run): void {
    for (const { id, phase } of run.nodes.values()) {
      const before = this.#fulfilled.get(id);
      if (before !== undefined && before !== phase)
        throw new Error(`L2: node ${id} went from ${before} to ${phase}`);
      if (before === undefined && !isOpen(phase)) this.#fulfilled.set(id, phase);
    }
    this.#parallelism(run);
    this.#locks(run);
    for (const [id, { call, shape }] of run.steps)
      if (shape.template.daemon === true && call.boundary !== undefined && !isOpen(call.boundary.node.phase))
        throw new Error(`L6: daemon ${id} runs, and its scope is over`);
  }

  #daemonsReady(stepId: string, run: Run): void {
    const own = placeOf(run, stepId);
    // One that is tried again itself waits for no other.
    if (own === undefined || run.steps.get(stepId)?.call.daemon !== undefined) return;
    for (const [id, { isReady, shape }] of run.steps) {
      const place = placeOf(run, id);
      if (shape.template.daemon !== true || isReady === true || place?.boundary !== own.boundary) continue;
      if (place.group < own.group) throw new Error(`L6: ${stepId} started, and daemon ${id} is not ready`);
    }
  }

  #locks(run: Run): void {
    const at = new Map<string, number>();
    for (const { call } of run.steps.values()) {
      const { synchronization } = call.gate?.shape.template ?? {};
      if (synchronization?.mutexes?.some(({ name }) => name === "one") === true)
        at.set("one", (at.get("one") ?? 0) + 1);
      if (synchronization?.semaphores !== undefined) at.set("two", (at.get("two") ?? 0) + 1);
    }
    if ((at.get("one") ?? 0) > 1) throw new Error(`L4: ${at.get("one")} steps under one mutex`);
    if ((at.get("two") ?? 0) > 2) throw new Error(`L4: ${at.get("two")} steps under a semaphore of 2`);
  }

  #parallelism(run: Run): void {
    const { parallelism } = run.spec;
    // Daemons take no place once they were ready, their retries neither.
    const places = [...run.steps.values()].filter(({ call }) => call.daemon === undefined).length;
    if (parallelism !== undefined && places > parallelism)
      throw new Error(`L3: ${places} steps at once, parallelism is ${parallelism}`);
    const open = new Map<string, number>();
    const daemons = new Set(
      [...run.steps.values()].flatMap(({ call, node }) => (call.daemon === undefined ? [] : node)),
    );
    for (const node of run.nodes.values())
      if (isOpen(node.phase) && node.boundaryId !== undefined && countsIn(node.type) && !daemons.has(node))
        open.set(node.boundaryId, (open.get(node.boundaryId) ?? 0) + 1);
    for (const [id, count] of open) {
      const template = run.templates.get(run.nodes.get(id)?.templateName ?? "");
      if (template?.parallelism !== undefined && count > template.parallelism)
        throw new Error(`L3: ${count} children of ${id} at once, its parallelism is ${template.parallelism}`);
    }
  }

  ended(run: Run): void {
    if (run.stage !== "done") throw new Error(`L1: the run did not end: ${describe(run)}`);
    const open = [...run.nodes.values()].filter((node) => isOpen(node.phase));
    if (open.length > 0)
      throw new Error(
        `L1: nodes without an end: ${open.map((n) => `${n.name} ${n.type} ${n.phase}`).join(", ")}`,
      );
    if (run.asks.size + run.locks.size > 0)
      throw new Error(
        `L4: asks and locks at the end: ${[...run.asks.keys(), ...run.locks.keys()].join(", ")}`,
      );
    if (run.steps.size > 0) throw new Error(`L1: steps are owed an end: ${[...run.steps.keys()].join(", ")}`);
  }

  folded(facts: readonly Fact[]): Run {
    const [first, ...rest] = JSON.parse(JSON.stringify(facts)) as Fact[];
    if (first?.type !== "submitted") throw new Error("a journal begins with its submission");
    const run = createRun(first);
    for (const fact of rest) reduce(run, fact);
    return run;
  }

  same(before: unknown, after: unknown): void {
    const [a, b] = [JSON.stringify(before), JSON.stringify(after)];
    if (a === b) return;
    const at = [...a].findIndex((char, i) => char !== b[i]);
    throw new Error(
      `L5: the same facts gave another state: …${a.slice(Math.max(0, at - 80), at + 120)}… and …${b.slice(Math.max(0, at - 80), at + 120)}…`,
    );
  }

  sameFactsSameState(run: Run, facts: readonly Fact[]): void {
    this.same(projectWorkflow(run), projectWorkflow(this.folded(facts)));
  }
}

/** In which group of which steps template a step is; undefined for hooks, which come at any time, and tasks. */
function placeOf(
  run: Run,
  stepId: string,
): { readonly boundary: string; readonly group: number } | undefined {
  const call = run.steps.get(stepId)?.call;
  if (call?.boundary === undefined || call.hooked || call.exiting) return undefined;
  const boundary = call.boundary.node;
  const group = /^\[(\d+)\]/.exec(call.name.slice(boundary.name.length))?.[1];
  return group === undefined ? undefined : { boundary: boundary.id, group: Number(group) };
}

/** Groups, tries and stand-ins take no place of a template's parallelism themselves. */
const countsIn = (type: string): boolean =>
  type === "Pod" || type === "Steps" || type === "DAG" || type === "Suspend";

function describe(run: Run): string {
  const open = [...run.nodes.values()].filter((node) => isOpen(node.phase));
  return [
    `stage ${run.stage}, steps ${run.steps.size}, suspends ${run.suspends.size}, held ${run.held.length}, next timer ${run.timers.nextAt}, now ${run.now}, suspended ${run.suspended}`,
    ...open.map((n) => `${n.name} ${n.type} ${n.phase} ${n.message ?? ""}`),
  ].join("\n  ");
}
