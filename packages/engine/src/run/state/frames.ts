// The unfinished work of a run. A Call is one use of a template (a step, a task, an item of one, a hook, the entry
// point); it is carried out by one Unit, or by one Unit per attempt where there is a retry strategy.
import type { DagTask, LifecycleHook, RetryStrategy, ReusedNode, WorkflowStep } from "@sluice/spec";
import type { TemplateShape, TemplateUse } from "../../template/shape.ts";
import type { BoundArtifacts, BoundInputs, RenderedArguments } from "./arguments.ts";
import type { Node, NodeOutputs, NodePhase } from "./node.ts";
import type { Step } from "./step.ts";

export interface Call {
  /** Node name. */
  readonly name: string;
  readonly use: TemplateUse;
  /** Arguments with every value final. */
  readonly args: RenderedArguments;
  readonly boundary: Boundary | undefined;
  readonly owner: Owner;
  readonly depth: number;
  /** Part of an exit handler of the workflow: runs on after a stop and past the deadline. */
  readonly exiting: boolean;
  readonly hooked: boolean;
  /** Whether someone refers to its `outputs.result`. */
  readonly wantsResult: boolean;
  readonly exitHook?: ExitHook | undefined;
  /** Hooks with an expression, as the step or task declares them; `exit` is `exitHook`. */
  readonly hooks?: DeclaredHooks | undefined;
  /** The loop's item that it is for. */
  readonly item?: Item | undefined;
  hookState?: HookState;
  retry?: RetryFrame;
  /** What it has to pass before it may go: locks, a look into a cache. It then keeps its boundary's slot to its end. */
  gate?: Gate;
  /** The node that stands for the call: its one unit's, or the Retry node. */
  node?: Node;
  /** Its template's input artifacts, once it was started. */
  artifacts?: BoundArtifacts | undefined;
  /** Why it could not even be made, for the owner's message. */
  error?: string;
  /** Of a daemon that was ready once. */
  daemon?: DaemonState;
}

export interface DaemonState {
  /** `restarting`: it ended by itself and is tried again; `stopping`: its scope is over, and it is told to end. */
  state: "ready" | "restarting" | "stopping";
  /** Its owner goes on without waiting for its end. */
  told: boolean;
}

export interface ExitHook {
  readonly hook: LifecycleHook;
  /** It was written as the old `onExit`, which gets the workflow's arguments. */
  readonly workflowArguments: boolean;
}

export type DeclaredHooks = Readonly<Record<string, LifecycleHook>>;

/** What has hooks: a step, a task or an item of a step's loop; the whole loop of a task; the workflow. */
export type Hooked =
  | { readonly kind: "call"; readonly call: Call }
  | { readonly kind: "task"; readonly frame: DagFrame; readonly task: TaskState }
  | { readonly kind: "run" };

/** A hook that fires once, when its expression is first true. */
export interface ArmedHook {
  readonly name: string;
  readonly hook: LifecycleHook;
  readonly of: Hooked;
  fired: boolean;
  /** Why its expression could not be evaluated when it was last looked at. */
  trouble?: string;
}

export interface HookState {
  armed: ArmedHook[];
  /** Hooks under way, exit handlers too: who they are hooks of is not over before they are. */
  open: number;
  /** It ended itself; `told`: its owner knows. */
  over: boolean;
  told: boolean;
}

export const noHooks = (): HookState => ({ armed: [], open: 0, over: false, told: false });

/** A call on its way through slot, locks and cache, in this order. */
export interface Gate {
  readonly kind: "gate";
  readonly call: Call;
  readonly shape: TemplateShape;
  readonly inputs: BoundInputs;
  state: "queued" | "held" | "asking" | "open" | "closed";
  /** Its daemon is ready: the boundary's slot went to the next, before its end. */
  isSlotReturned?: true;
  /** From the first ask on; the call's work takes it over. */
  node?: Node;
}

/** Who wants to know that a call ended. */
export type Owner =
  | { readonly kind: "run" }
  | { readonly kind: "run-exit" }
  | { readonly kind: "run-hook" }
  | {
      readonly kind: "group";
      readonly frame: StepsFrame;
      readonly step: WorkflowStep;
      readonly child: Child;
    }
  | { readonly kind: "task"; readonly frame: DagFrame; readonly task: TaskState }
  | { readonly kind: "task-item"; readonly frame: DagFrame; readonly task: TaskState }
  | { readonly kind: "hook"; readonly of: Call }
  | { readonly kind: "task-hook"; readonly frame: DagFrame; readonly task: TaskState };

/** One carrying-out of a resolved template: a node of type Pod, Steps, DAG or Suspend. */
export interface Unit {
  readonly call: Call;
  readonly name: string;
  readonly shape: TemplateShape;
  readonly inputs: BoundInputs;
  /** Done by an earlier run. */
  readonly reused?: ReusedNode;
  /** 0 unless it is a retry's later attempt. */
  readonly attempt: number;
  readonly extra: Readonly<Record<string, string>>;
  /** Epoch ms: what the retry strategy's `maxDuration` leaves to a later attempt. */
  readonly deadlineAt?: number;
  state: "held" | "open" | "ended";
  /** It takes a slot of its boundary, and a place of the run's `parallelism`. */
  hasSlot?: boolean;
  hasPlace?: boolean;
  /** A daemon that others may use. */
  isReady?: true;
  node?: Node;
  step?: Step;
  /** Of a containerSet: its containers' nodes by name. */
  containers?: ReadonlyMap<string, Node>;
  frame?: StepsFrame | DagFrame;
}

export interface RetryFrame {
  readonly call: Call;
  readonly node: Node;
  readonly shape: TemplateShape;
  readonly inputs: BoundInputs;
  readonly strategy: RetryStrategy;
  readonly attempts: Node[];
  /** Attempts after which there is no other; undefined = no end. */
  readonly limit: number | undefined;
}

/** A composite template under way: the scope of its children and its own limits. */
export interface Boundary {
  readonly unit: Unit;
  readonly node: Node;
  readonly scopeName: "steps" | "tasks";
  readonly children: Map<string, Child>;
  readonly depth: number;
  /** Names whose `outputs.result` the template's text refers to. */
  readonly resultsWanted: ReadonlySet<string>;
  readonly parallelism: number | undefined;
  readonly failFast: boolean;
  /** A child failed while `failFast` is set: nothing new starts. */
  failedFast: boolean;
  /** Units under way; calls under way (with those that wait). */
  active: number;
  open: number;
  waiting: (Unit | Gate)[];
  /** Calls of it that are daemons and were ready once, until they are over, hooks and all. */
  readonly daemons: Set<Call>;
  /** What it ends with, once its daemons have. */
  closing?: UnitEnd;
  /** Hooks by the names of other children that their expressions read; under "" those that read them all. */
  watched?: Map<string, ArmedHook[]>;
}

/** What a step or task is known by to its siblings. */
export interface Child {
  readonly name: string;
  readonly use: TemplateUse;
  /** Its node; for a loop of a dag the TaskGroup. */
  node?: Node;
  /** Nodes of a loop's items, in order. */
  items?: Node[];
  /** Of a loop of steps, which has no node: the id that one would have. */
  loopId?: string;
  cache?: Map<string, string>;
}

export interface StepsFrame extends Boundary {
  readonly kind: "steps";
  readonly groups: readonly (readonly WorkflowStep[])[];
  index: number;
  group?: StepGroup;
  /** A daemon that failed after its owner went on: the template fails when the group under way is over. */
  broken?: Node;
}

export interface StepGroup {
  readonly node: Node;
  /** Calls under way, and one more while the group is being started. */
  remaining: number;
  readonly members: {
    readonly node: Node;
    readonly step: WorkflowStep;
    readonly error?: string | undefined;
  }[];
}

export interface DagFrame extends Boundary {
  readonly kind: "dag";
  readonly tasks: ReadonlyMap<string, TaskState>;
  readonly targets: readonly string[];
  remaining: number;
  /** Tasks that wait until the scope's daemons are ready again. */
  postponed: TaskState[];
}

export interface TaskState {
  readonly task: DagTask;
  readonly child: Child;
  readonly dependsOn: readonly string[];
  readonly dependants: string[];
  readonly holds: (look: (task: string, result: string | undefined) => boolean) => boolean;
  waitingFor: number;
  /** Items under way, for a loop. */
  remaining: number;
  /** Of the loop as a whole. */
  readonly hookState: HookState;
  done: boolean;
  /** Phase that an omitted or skipped dependant inherits. */
  branch: NodePhase;
}

export interface Item {
  readonly index: number;
  readonly value: unknown;
  /** As it stands in the node's name. */
  readonly label: string;
}

/** Follow-up work, done in order until none is left: chains of any length cost no stack. */
export type Settled =
  | { readonly kind: "unit"; readonly unit: Unit }
  | { readonly kind: "call"; readonly call: Call }
  | { readonly kind: "group"; readonly frame: StepsFrame }
  | { readonly kind: "task"; readonly frame: DagFrame; readonly task: TaskState }
  | { readonly kind: "slot"; readonly boundary: Boundary }
  /** A daemon is ready: its owner may go on. */
  | { readonly kind: "daemon"; readonly call: Call }
  | { readonly kind: "hook"; readonly hook: ArmedHook }
  | { readonly kind: "boundary"; readonly frame: StepsFrame | DagFrame };

export interface UnitEnd {
  readonly phase: NodePhase;
  readonly message?: string | undefined;
  readonly outputs?: NodeOutputs | undefined;
}
