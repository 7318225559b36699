import { z } from "zod";
import { AnyText } from "../meta.ts";
import { Workflow } from "../workflow/workflow.ts";

const Values = z.record(z.string(), AnyText);
const PhaseName = z.enum(["Pending", "Running", "Succeeded", "Skipped", "Failed", "Error", "Omitted"]);

/**
 * How the steps that it matches end, without being run. The first mock that matches a step decides; one that none
 * matches succeeds after a second, with empty output.
 */
export const Mock = z.strictObject({
  /** Steps of this template. `*` stands for any characters. */
  template: z.string().optional(),
  /** The step's display name, or its whole name. `*` stands for any characters. */
  node: z.string().optional(),
  /** Only this attempt of a retried step, from 0. */
  attempt: z.int().min(0).optional(),
  /** Standard output (or an http body): `outputs.result`. */
  result: AnyText.optional(),
  /** As `result`, for one step after the other; the last one stays. */
  results: z.array(AnyText).min(1).max(1_000).optional(),
  /** Default 0; anything else is Failed. */
  exitCode: z.int().optional(),
  /** Output parameters by name: what the files would hold, or what a person supplies to a suspend node. */
  outputs: Values.optional(),
  /** The node ends as Error with this message: a pod that was deleted, an image that is not there. */
  error: z.string().optional(),
  /** Said beside an exit code. */
  message: z.string().optional(),
  /** How long it takes, in virtual time: `30s`, or seconds. Default 1s. */
  duration: z.union([z.string(), z.number()]).transform(String).optional(),
  /** It runs, or waits, until it is told to stop. */
  forever: z.boolean().optional(),
  /** Of a daemon: how long until it is ready. */
  ready: z.union([z.string(), z.number()]).transform(String).optional(),
});
export type Mock = z.infer<typeof Mock>;

export const ExpectedNode = z.strictObject({
  phase: PhaseName.optional(),
  type: z.string().optional(),
  /** The whole message, or a part of it between `*`. */
  message: z.string().optional(),
  inputs: Values.optional(),
  outputs: Values.optional(),
  result: AnyText.optional(),
});
export type ExpectedNode = z.infer<typeof ExpectedNode>;

export const Expectation = z.strictObject({
  phase: PhaseName.optional(),
  message: z.string().optional(),
  /** By display name (or whole name): the phase alone, or more of the node. */
  nodes: z.record(z.string(), z.union([PhaseName, ExpectedNode])).optional(),
  /** Nodes that must not be there at all. */
  absent: z.array(z.string()).optional(),
  /** Each of these nodes starts after the one before has ended. */
  order: z.array(z.string()).min(2).optional(),
  /** The workflow's output parameters: exported ones, or the entrypoint's. */
  outputs: Values.optional(),
  /** How many steps (attempts counted) really ran. */
  steps: z.int().min(0).optional(),
  /** It takes no longer than this in virtual time. */
  within: z.string().optional(),
});
export type Expectation = z.infer<typeof Expectation>;

/** Something that a person or a client does at a moment of the run. */
export const Command = z.strictObject({
  /** Time since the start: `10s`. */
  at: z.union([z.string(), z.number()]).transform(String),
  do: z.enum(["stop", "terminate", "suspend", "resume"]),
  nodeFieldSelector: z.string().optional(),
});
export type Command = z.infer<typeof Command>;

export const TestCase = z.strictObject({
  name: z.string().min(1),
  arguments: Values.optional(),
  /** Asked before those of the file. */
  mocks: z.array(Mock).optional(),
  commands: z.array(Command).max(100).optional(),
  expect: Expectation,
});
export type TestCase = z.infer<typeof TestCase>;

/** A file of tests of one workflow: mocked step results, and what must come of them. */
export const WorkflowTest = z.strictObject({
  apiVersion: z.literal("sluice.dev/v1alpha1"),
  kind: z.literal("WorkflowTest"),
  /** A file beside this one (`flow.yaml`, or `flow.yaml#name` where it has several workflows), or the workflow itself. */
  workflow: z.union([z.string().min(1), Workflow]),
  /** Files with what the workflow refers to: templates, ConfigMaps. */
  files: z.array(z.string()).max(100).optional(),
  mocks: z.array(Mock).max(1_000).optional(),
  tests: z.array(TestCase).min(1).max(1_000),
});
export type WorkflowTest = z.infer<typeof WorkflowTest>;
