// The state of one run: a node tree and, per unfinished composite, a frame that counts what it waits for.
// Invariants
//   R1. The state follows from the facts alone: no clock, chance or I/O; `now` is the time of the fact in hand.
//   R2. A fact costs what it changes: completions travel up by counters, nothing walks the whole tree.
//   R3. `steps` holds exactly the steps that the world still owes an end for; a step leaves it once.
//   R4. A node that is fulfilled never changes its phase again.
import type { Artifact, RunSubmitted, Template, WorkflowSpec } from "@sluice/spec";
import type { ConfigMaps, KnownConfigMap } from "../../definitions/config-maps.ts";
import type { Library } from "../../definitions/library.ts";
import type { Estimate } from "../../estimation/estimate.ts";
import type { DefinitionsFixed, Fact, StopRequested } from "../../facts.ts";
import type { Ask, HeldLocks, LockRelease, MemoSave } from "./asks.ts";
import type { Call, Gate, HookState, Settled, Unit } from "./frames.ts";
import type { Node, RunPhase } from "./node.ts";
import type { TimerQueue } from "./timers.ts";

/** Bounds of one run. */
export interface RunLimits {
  /** Composite templates inside each other. Default 100, as in Argo. */
  readonly maxDepth: number;
  /** Nodes of one run. Default 100,000. */
  readonly maxNodes: number;
  /** Items of one loop. Default 20,000. */
  readonly maxItems: number;
}
export const defaultLimits: RunLimits = { maxDepth: 100, maxNodes: 100_000, maxItems: 20_000 };

export interface RunKeyed {
  readonly namespace: string;
  readonly name: string;
}

/** A run's name with its namespace, as maps have it: no two runs that are there at once share it. */
export const idOf = ({ namespace, name }: RunKeyed): string => `${namespace}/${name}`;

export interface Run {
  readonly key: RunKeyed;
  readonly uid: string;
  /** Its first uid and when it was asked for then, epoch ms: what steps see of it stays the same over its retries. */
  readonly origin: { readonly uid: string; readonly at: number };
  readonly submitted: RunSubmitted;
  /** What runs: the submitted spec, over that of its `workflowTemplateRef` once it is known. */
  spec: WorkflowSpec;
  templates: ReadonlyMap<string, Template>;
  readonly limits: RunLimits;
  /** Workflow arguments with their values. */
  parameters: ReadonlyMap<string, string>;
  /** The workflow's artifact arguments. */
  artifacts: ReadonlyMap<string, Artifact>;
  /** What the spec names outside of the run: `wanted` until it is told, and the run does not start before. */
  definitions: "none" | "wanted" | DefinitionsFixed;
  /** Templates of other resources, and ConfigMaps for parameters, as `definitions` tells them. */
  library: Library;
  configMaps: ConfigMaps;
  /** Keys of ConfigMaps that were read since it began, by `lateKeyOf`. */
  readonly lateKeys: Map<string, KnownConfigMap>;
  /** The manifest's, with those of `workflowMetadata` from the start on. */
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  /** How long it may take, once that was looked for and found. */
  estimate?: Estimate;
  readonly nodes: Map<string, Node>;
  phase: RunPhase;
  message?: string;
  startedAt: number;
  finishedAt?: number;
  /** Time of the fact in hand, epoch ms. */
  now: number;
  /** Units whose step the world owes an end for, by step id. */
  readonly steps: Map<string, Unit>;
  /** Units that wait for a person or for time. */
  readonly suspends: Map<string, Unit>;
  /** Where the run's steps are started, once an engine with a site has it. */
  site?: string;
  /** Steps that were under way when the run came from another site, with that site. */
  readonly elsewhere: Map<string, string>;
  readonly timers: TimerQueue;
  /** Exported output parameters (`globalName`). */
  readonly globals: Map<string, string>;
  /** Exported output artifacts. */
  readonly globalArtifacts: Map<string, Artifact>;
  suspended: boolean;
  shutdown?: StopRequested;
  /** The workflow's own time is over; exit handlers go on. */
  overdue: boolean;
  deleted: boolean;
  /** Archived, its journal about to go: what is asked from now on is asked of the archive. */
  sealed: boolean;
  stage: "main" | "exit" | "done";
  readonly hookState: HookState;
  /** How the exit handler ended, once it has. */
  exit?: { readonly phase: RunPhase; readonly message?: string };
  /** Daemons outside of any template: the entrypoint, hooks of the workflow. As a boundary's. */
  readonly daemons: Set<Call>;
  /** Daemons that are tried again after they were ready. */
  restarting: number;
  /** What it ends with, once its daemons have. */
  closing?: { readonly phase: RunPhase; readonly message?: string | undefined };
  /** Phase and message of the main part, once it ended. */
  main?: { readonly phase: RunPhase; readonly message?: string };
  /** Leaves that run now, and those held by `parallelism` or `suspend`, in order. */
  activePods: number;
  held: Unit[];
  /** Calls that would ask, held while the run is suspended. */
  heldGates: Gate[];
  /** The engine that took it lets only so many runs go at once. */
  isLimited: boolean;
  /** What the run waits to be told by the world, by ask; asked again after a restart. */
  readonly asks: Map<string, Ask>;
  /** Asks so far: their order in a lock's queue. */
  askCount: number;
  /** Locks that are the run's, by the ask that got them. */
  readonly locks: Map<string, HeldLocks>;
  /** Outputs for the caches, by node; stored again after a restart. */
  readonly saves: Map<string, MemoSave>;
  /** What ended or became ready and is not yet followed up; empty between facts. */
  readonly settled: Settled[];
  /** Running units whose template has a metric in real time, by node. */
  readonly realtime: Map<string, Unit>;
  /** Set by who emits metrics: only then the ends of units are kept for it. */
  isMeasured: boolean;
  /** What is to be done since it was last taken. */
  changes: RunChanges;
}

export interface RunChanges {
  readonly start: string[];
  readonly stop: { readonly stepId: string; readonly how: "term" | "kill" }[];
  /** Units that ended, where someone measures them. */
  readonly ended: Unit[];
  /** Keys of `asks`. */
  readonly ask: string[];
  /** Locks given back, and asks for locks that are withdrawn; done before new asks. */
  readonly release: LockRelease[];
  /** Keys of `saves`. */
  readonly save: string[];
}

export type ReducibleFact = Exclude<Fact, RunSubmitted>;

export const noChanges = (): RunChanges => ({
  start: [],
  stop: [],
  ended: [],
  ask: [],
  release: [],
  save: [],
});
