// What a call passes before it may go: its boundary's slot, its locks, a look into its cache; then it is begun.
// Invariants
//   G1. A gated call takes its boundary's slot before it asks and keeps it to its end, attempts and all: who holds a
//       lock never waits for a slot that someone who waits for the lock has.
//   G2. Locks are held from the answer until the call's node is fulfilled, on every path; its exit handler runs without.
//   G3. From the first ask on the call has its node, Pending; the work takes it over, so that it keeps its place.
import { parseGoDuration } from "@sluice/base";
import type { Synchronization, Template } from "@sluice/spec";
import { EngineError } from "../../errors.ts";
import { shownInputs } from "../../template/arguments.ts";
import type { TemplateShape } from "../../template/shape.ts";
import { globalsOf } from "../../values/globals.ts";
import { failureText, renderText } from "../../values/language.ts";
import { parameters, Scope } from "../../values/scope.ts";
import { beginCall, failCall, standFor } from "../call.ts";
import { phaseChanged } from "../hooks/watch.ts";
import { refusal } from "../kinds/leaf.ts";
import type { BoundInputs } from "../state/arguments.ts";
import type { LockWish } from "../state/asks.ts";
import type { Call, Gate } from "../state/frames.ts";
import type { Node, NodePhase, NodeType } from "../state/node.ts";
import type { Run } from "../state/run.ts";
import { addNode, endNode } from "../state/tree.ts";
import { giveBack, putAsk } from "./books.ts";
import { lockWishes, waitingMessage } from "./locks.ts";

export const isGated = ({ memoize, synchronization }: Template): boolean =>
  memoize !== undefined || (synchronization !== undefined && hasLocks(synchronization));

const hasLocks = (sync: Synchronization): boolean =>
  (sync.mutexes?.length ?? 0) + (sync.semaphores?.length ?? 0) > 0 ||
  sync.mutex !== undefined ||
  sync.semaphore !== undefined;

export function enterGate(run: Run, call: Call, shape: TemplateShape, inputs: BoundInputs): void {
  const gate: Gate = { kind: "gate", call, shape, inputs, state: "queued" };
  call.gate = gate;
  const { boundary } = call;
  if (boundary?.parallelism !== undefined && boundary.active >= boundary.parallelism)
    boundary.waiting.push(gate);
  else passGate(run, gate);
}

/** There is room in the boundary. */
export function passGate(run: Run, gate: Gate): void {
  const { boundary } = gate.call;
  if (boundary !== undefined) boundary.active += 1;
  gate.state = "held";
  askOrHold(run, gate);
}

function askOrHold(run: Run, gate: Gate): void {
  if (refusal(run, gate) !== undefined) begin(run, gate);
  else if (run.suspended && !gate.call.exiting) run.heldGates.push(gate);
  else askLocks(run, gate);
}

/** Lets the held calls ask, when the run is not suspended any more or is to end. */
export function releaseHeldGates(run: Run): void {
  if (run.heldGates.length === 0) return;
  const held = run.heldGates;
  run.heldGates = [];
  for (const gate of held) askOrHold(run, gate);
}

const scopeOf = (run: Run, gate: Gate): Scope =>
  new Scope(run.now, parameters("inputs.parameters", gate.inputs), globalsOf(run));

function askLocks(run: Run, gate: Gate): void {
  let locks: readonly LockWish[];
  try {
    locks = lockWishes(gate.shape.template.synchronization, run.key.namespace, scopeOf(run, gate));
  } catch (error) {
    failCall(run, gate.call, failureText(error));
    return;
  }
  if (locks.length === 0) {
    askCache(run, gate);
    return;
  }
  const node = nodeOf(run, gate);
  node.message = waitingMessage(locks);
  putAsk(run, { kind: "locks", id: node.id, locks, gate });
}

const cacheKey = /^[a-zA-Z0-9][-a-zA-Z0-9]*$/;
/** Longest key of a cache, characters. */
const maxKeyLength = 1_024;

/** The locks are there: what is remembered need not be done. */
export function askCache(run: Run, gate: Gate): void {
  const { memoize } = gate.shape.template;
  if (memoize === undefined) {
    begin(run, gate);
    return;
  }
  try {
    const scope = scopeOf(run, gate);
    const key = renderText(memoize.key ?? "", scope);
    if (!cacheKey.test(key) || key.length > maxKeyLength)
      throw EngineError.TEMPLATE_INVALID({ reason: `invalid cache key: ${key.slice(0, 200)}` });
    const cache = renderText(memoize.cache?.configMap?.name ?? "", scope);
    if (cache === "")
      throw EngineError.TEMPLATE_INVALID({ reason: "memoize.cache.configMap.name is required" });
    const age = memoize.maxAge === undefined ? "" : renderText(memoize.maxAge, scope);
    const maxAgeMs = age === "" ? undefined : parseGoDuration(age);
    if (age !== "" && maxAgeMs === undefined)
      throw EngineError.TEMPLATE_INVALID({ reason: `memoize.maxAge '${age}' is not a duration such as 10m` });
    const node = nodeOf(run, gate);
    node.memo = { hit: false, key, cacheName: cache };
    putAsk(run, { kind: "memo", id: node.id, cache, key, maxAgeMs, gate });
  } catch (error) {
    failCall(run, gate.call, failureText(error));
  }
}

export function begin(run: Run, gate: Gate): void {
  gate.state = "open";
  beginCall(run, gate.call, gate.shape, gate.inputs);
}

const nodeTypes = {
  steps: "Steps",
  dag: "DAG",
  suspend: "Suspend",
} as const satisfies Partial<Record<string, NodeType>>;

/** The node that waits in the call's place. */
function nodeOf(run: Run, gate: Gate): Node {
  gate.state = "asking";
  if (gate.node !== undefined) return gate.node;
  const { call, shape, inputs } = gate;
  const type = Object.hasOwn(nodeTypes, shape.type) ? nodeTypes[shape.type as keyof typeof nodeTypes] : "Pod";
  const node = addNode(run, {
    name: call.name,
    type: shape.template.retryStrategy === undefined ? type : "Retry",
    phase: "Pending",
    templateName: shape.name,
    templateRef: call.use.templateRef,
    boundary: call.boundary,
    hooked: call.hooked,
  });
  if (inputs.size > 0) node.inputs = shownInputs(shape.template.inputs?.parameters, inputs);
  gate.node = node;
  standFor(run, call, node);
  return node;
}

/** The node in which the call waited, made the one of its work; its time begins now. */
export function waitedNode(run: Run, call: Call, type: NodeType, phase: NodePhase): Node | undefined {
  const node = call.gate?.node;
  if (node === undefined) return undefined;
  node.type = type;
  node.phase = phase;
  node.startedAt = run.now;
  if (phase === "Running") phaseChanged(run, { kind: "call", call });
  return node;
}

/** Ends the calls that still ask and for which `holds`. */
export function cutGates(run: Run, holds: (gate: Gate) => boolean, message: string): void {
  for (const { gate } of [...run.asks.values()]) {
    if (gate?.node === undefined || !holds(gate)) continue;
    giveBack(run, gate.node.id);
    endNode(run, gate.node, "Failed", message);
    run.settled.push({ kind: "call", call: gate.call });
  }
}

/** The call's node is fulfilled: locks go back, its outputs into the cache, its slot to the next. Once. */
export function closeGate(run: Run, { gate, boundary }: Call): void {
  if (gate === undefined || gate.state === "closed") return;
  const hasSlot = gate.state !== "queued" && gate.isSlotReturned !== true;
  gate.state = "closed";
  const { node } = gate;
  if (node !== undefined) {
    giveBack(run, node.id);
    if (node.memo?.hit === false && node.phase === "Succeeded") {
      const { key, cacheName: cache } = node.memo;
      const { id, outputs } = node;
      run.saves.set(id, { cache, key, node: id, createdAt: run.now, outputs });
      run.changes.save.push(id);
    }
  }
  if (boundary !== undefined && hasSlot) run.settled.push({ kind: "slot", boundary });
}
