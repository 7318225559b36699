// Starting: a call finds its template and binds inputs; a unit passes the gates (the boundary's parallelism, then for
// leaves the run's) and gets its node only when it may go, as in Argo.

import { type ConfigKey, configLook, lateKeyOf } from "../definitions/config-maps.ts";
import { EngineError } from "../errors.ts";
import { bindInputs, shownInputs, unreadKey } from "../template/arguments.ts";
import { bindArtifacts } from "../template/artifacts.ts";
import { resolveTemplate } from "../template/resolve.ts";
import type { TemplateShape } from "../template/shape.ts";
import { globalsOf } from "../values/globals.ts";
import { failureText, renderText } from "../values/language.ts";
import { parameters, placeOf, Scope } from "../values/scope.ts";
import { dropUnit } from "./boundary.ts";
import { scopeAround } from "./definitions.ts";
import { putAsk } from "./gates/books.ts";
import { enterGate, isGated, waitedNode } from "./gates/gate.ts";
import { armHooks, phaseChanged } from "./hooks/watch.ts";
import { closeContainers } from "./kinds/containers.ts";
import { openDag } from "./kinds/dag.ts";
import { holdOrLaunch } from "./kinds/leaf.ts";
import { startRetry } from "./kinds/retry.ts";
import { endReused, reusedOf } from "./kinds/reused.ts";
import { openSteps } from "./kinds/steps.ts";
import { openSuspend } from "./kinds/suspend.ts";
import { unitScope } from "./scopes.ts";
import type { BoundInputs } from "./state/arguments.ts";
import type { Call, Unit, UnitEnd } from "./state/frames.ts";
import { type Node, type NodePhase, type NodeType, podName } from "./state/node.ts";
import type { Run } from "./state/run.ts";
import { addChild, addFailedCall, addNode, endNode, linkBehind } from "./state/tree.ts";

export function startCall(run: Run, call: Call): void {
  if (call.boundary !== undefined) call.boundary.open += 1;
  bindCall(run, call);
}

/** Binds the inputs and goes on; a call that needs a value which nobody has read yet waits for it first. */
export function bindCall(run: Run, call: Call): void {
  let shape: TemplateShape;
  let inputs: BoundInputs;
  try {
    if (call.depth >= run.limits.maxDepth)
      throw EngineError.TEMPLATE_INVALID({
        reason: `Maximum recursion depth exceeded: templates are nested ${run.limits.maxDepth} deep`,
      });
    shape = resolveTemplate(run, call.use, scopeAround(call.boundary));
    const scope = new Scope(run.now, globalsOf(run), placeOf(`${call.name} inputs`));
    const sources = { args: call.args, look: configLook(run) };
    const unread = unreadKey(shape.template.inputs?.parameters, sources, scope);
    if (unread !== undefined) {
      awaitConfig(run, call, unread);
      return;
    }
    inputs = bindInputs(shape.template.inputs?.parameters, sources, scope);
    call.artifacts = bindArtifacts(
      shape.template.inputs?.artifacts,
      call.args.artifacts,
      scope.with(parameters("inputs.parameters", inputs)),
    );
  } catch (error) {
    failCall(run, call, failureText(error));
    return;
  }
  const reused = reusedOf(run, call, shape);
  if (reused !== undefined) startUnit(run, { ...makeUnit(call, { shape, inputs }), reused });
  else if (isGated(shape.template)) enterGate(run, call, shape, inputs);
  else beginCall(run, call, shape, inputs);
}

/** Calls that need the same key wait for the same answer. */
function awaitConfig(run: Run, call: Call, key: ConfigKey): void {
  const id = `/config/${lateKeyOf(key)}`;
  const ask = run.asks.get(id);
  if (ask?.kind === "config") ask.calls.push(call);
  else putAsk(run, { kind: "config", id, key, calls: [call] });
}

/** The call may go: the retry wrapper, or its one unit. */
export function beginCall(run: Run, call: Call, shape: TemplateShape, inputs: BoundInputs): void {
  if (shape.template.retryStrategy === undefined) startUnit(run, makeUnit(call, { shape, inputs }));
  else startRetry(run, call, shape, inputs);
}

/** Takes the error for the call's own, which its owner tells too; the words of its node, as Argo has them. */
export function blame(call: Call, message: string): string {
  call.error = message;
  return call.owner.kind.startsWith("task") ? `task '${call.name}' errored: ${message}` : message;
}

/** Ends a call that cannot be made: its node is an error, and its owner is told. */
export function failCall(run: Run, call: Call, message: string): void {
  const text = blame(call, message);
  const node = call.gate?.node;
  if (node === undefined) standFor(run, call, addFailedCall(run, call, text));
  else endNode(run, node, "Error", text);
  run.settled.push({ kind: "call", call });
}

interface UnitParts {
  readonly shape: TemplateShape;
  readonly inputs: BoundInputs;
  readonly name?: string;
  readonly attempt?: number;
  readonly extra?: Readonly<Record<string, string>>;
  readonly deadlineAt?: number | undefined;
}

export const makeUnit = (call: Call, parts: UnitParts): Unit => ({
  call,
  name: parts.name ?? call.name,
  shape: parts.shape,
  inputs: parts.inputs,
  attempt: parts.attempt ?? 0,
  extra: parts.extra ?? {},
  ...(parts.deadlineAt === undefined ? {} : { deadlineAt: parts.deadlineAt }),
  state: "held",
});

/** Lets the unit go, or keeps it until the boundary's parallelism has room. */
export function startUnit(run: Run, unit: Unit): void {
  const { boundary, gate } = unit.call;
  if (boundary?.failedFast === true && !unit.call.hooked) {
    dropUnit(run, boundary, unit);
    const { frame } = boundary.unit;
    if (frame !== undefined) run.settled.push({ kind: "boundary", frame });
  } else if (
    gate === undefined &&
    unit.call.daemon === undefined &&
    boundary?.parallelism !== undefined &&
    boundary.active >= boundary.parallelism
  )
    boundary.waiting.push(unit);
  else openUnit(run, unit);
}

export function openUnit(run: Run, unit: Unit): void {
  const { boundary, gate, daemon } = unit.call;
  if (boundary !== undefined && gate === undefined && daemon === undefined) {
    boundary.active += 1;
    unit.hasSlot = true;
  }
  unit.state = "open";
  if (unit.reused !== undefined) {
    endReused(run, unit, unit.reused);
    return;
  }
  switch (unit.shape.type) {
    case "container":
    case "script":
    case "containerSet":
    case "http":
    case "resource":
    case "data":
      holdOrLaunch(run, unit);
      return;
    case "steps":
      openSteps(run, unit);
      return;
    case "dag":
      openDag(run, unit);
      return;
    case "suspend":
      openSuspend(run, unit);
      return;
    default:
      makeNode(run, unit, "Skipped", "Running");
      endUnit(run, unit, {
        phase: "Error",
        message: `template '${unit.shape.name}' is of type ${unit.shape.type}, which this engine does not run`,
      });
      return;
  }
}

/** A name for people, from the template's annotation, for the node of a call; one that cannot be rendered changes nothing. */
export function displayNameOf(run: Run, unit: Unit): string | undefined {
  const written = unit.shape.template.annotations?.["workflows.argoproj.io/display-name"];
  if (written === undefined || written === "") return undefined;
  try {
    return renderText(written, unitScope(run, unit)).slice(0, 256);
  } catch {
    return undefined;
  }
}

/** The unit's node, linked where its call stands in the graph. */
export function makeNode(run: Run, unit: Unit, type: NodeType, phase: NodePhase): Node {
  const { call } = unit;
  const waited = call.retry === undefined ? waitedNode(run, call, type, phase) : undefined;
  const node =
    waited ??
    addNode(run, {
      name: unit.name,
      type,
      phase,
      templateName: unit.shape.name,
      templateRef: call.use.templateRef,
      boundary: call.boundary,
      hooked: call.hooked && call.retry === undefined,
      retried: call.retry !== undefined,
    });
  // With retries it is the name of the node that stands for all attempts.
  if (call.retry === undefined) node.displayName = displayNameOf(run, unit) ?? node.displayName;
  if (unit.inputs.size > 0) node.inputs = shownInputs(unit.shape.template.inputs?.parameters, unit.inputs);
  noteArtifacts(call, node);
  if (type === "Pod") node.podName = podName(run.key.name, unit.shape.name, unit.name);
  unit.node = node;
  if (unit.shape.template.metrics?.prometheus.some((metric) => metric.gauge?.realtime === true))
    run.realtime.set(node.id, unit);
  if (waited !== undefined) return node;
  if (call.retry === undefined) standFor(run, call, node);
  else {
    addChild(call.retry.node, node);
    call.retry.attempts.push(node);
    call.retry.node.lastAttempt = node;
  }
  return node;
}

function noteArtifacts({ artifacts }: Call, node: Node): void {
  if (artifacts !== undefined && artifacts.size > 0) node.inputArtifacts = [...artifacts.values()];
}

/** Makes `node` the one that stands for the call, and links it where the owner wants it. */
export function standFor(run: Run, call: Call, node: Node): void {
  call.node = node;
  noteArtifacts(call, node);
  link(run, call, node);
  armHooks(run, { kind: "call", call }, call.hooks);
}

function link(run: Run, { owner }: Call, node: Node): void {
  switch (owner.kind) {
    case "group":
      if (owner.frame.group !== undefined) addChild(owner.frame.group.node, node);
      if (owner.child.items === undefined) owner.child.node = node;
      else owner.child.items.push(node);
      return;
    case "task": {
      owner.task.child.node = node;
      const before = owner.task.dependsOn.flatMap((name) => owner.frame.tasks.get(name)?.child.node ?? []);
      if (before.length === 0) addChild(owner.frame.node, node);
      else linkBehind(run, before, node);
      return;
    }
    case "task-item":
      owner.task.child.items?.push(node);
      if (owner.task.child.node !== undefined) addChild(owner.task.child.node, node);
      return;
    case "hook":
      if (owner.of.node !== undefined) addChild(owner.of.node, node);
      return;
    case "task-hook":
      if (owner.task.child.node !== undefined) addChild(owner.task.child.node, node);
      return;
    case "run-hook":
    case "run-exit": {
      const root = run.nodes.get(run.key.name);
      if (root !== undefined) addChild(root, node);
      return;
    }
    case "run":
      return;
  }
}

/** An output of the workflow itself: a hook of the workflow may read it. */
export function setGlobal(run: Run, name: string, value: string): void {
  run.globals.set(name, value);
  phaseChanged(run, { kind: "run" });
}

/** Ends a unit, once; what follows from it is done by the settling loop. */
export function endUnit(run: Run, unit: Unit, end: UnitEnd): void {
  if (unit.state === "ended" || unit.node === undefined) return;
  unit.state = "ended";
  run.realtime.delete(unit.node.id);
  if (run.isMeasured && unit.reused === undefined) run.changes.ended.push(unit);
  if (end.outputs !== undefined) unit.node.outputs = end.outputs;
  delete unit.node.daemoned;
  endNode(run, unit.node, end.phase, end.message);
  closeContainers(run, unit);
  for (const p of end.outputs?.parameters ?? [])
    if (p.globalName !== undefined && p.value !== undefined) setGlobal(run, p.globalName, p.value);
  for (const artifact of end.outputs?.artifacts ?? [])
    if (artifact.globalName !== undefined) run.globalArtifacts.set(artifact.globalName, artifact);
  run.settled.push({ kind: "unit", unit });
}
