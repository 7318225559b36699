/** Schemas and types of every resource, YAML with positions, and the formats of what is stored. @module */

export { type Change, type Conversion, convertManifests } from "./convert/convert.ts";
export { requireNoErrors, SpecError } from "./errors.ts";
export {
  EventBusResource,
  EventSource,
  EventSourceSpec,
  type SourceKind,
  sourceKinds,
} from "./events/event-source.ts";
export {
  Comparator,
  ContextFilter,
  DataFilter,
  Dependency,
  DependencyFilters,
  ExprFilter,
  LogicalOperator,
  ParameterSource,
  Sensor,
  SensorSpec,
  TimeFilter,
  Trigger,
  TriggerBackoff,
  type TriggerKind,
  TriggerParameter,
  TriggerTemplate,
  triggerKinds,
} from "./events/sensor.ts";
export { formatIssues } from "./format.ts";
export {
  formatPath,
  hasErrors,
  type Issue,
  type IssueCode,
  inTextOrder,
  issueCodes,
  type Path,
  type Position,
} from "./issue.ts";
export { jsonSchemas, type KindSchemas } from "./json-schema/json-schema.ts";
export { isTimezone } from "./lint/formats.ts";
export { type LintOptions, type LintPurpose, lintManifests, lintObject, lintWorkflow } from "./lint/index.ts";
export { type KnownTemplates, knownTemplates, noTemplates, refersOutside } from "./lint/references/known.ts";
export {
  type LoadedManifest,
  type LoadOptions,
  type LoadResult,
  loadManifest,
  loadManifests,
  type Manifest,
  type ManifestKind,
  type MendedManifest,
  manifestSchemas,
  parseObject,
  parseWorkflow,
  type ReadResult,
  titleOf,
} from "./manifest.ts";
export {
  AnyString,
  AnyText,
  apiVersion,
  IntOrString,
  KubeList,
  KubeObject,
  Namespace,
  numberText,
  ObjectMeta,
  ObjectName,
  SecretKeySelector,
  StringMap,
} from "./meta.ts";
export { podSpecFields, podSpecMerge, templateMerge } from "./pod-patch/merge-keys.ts";
export { strategicMerge } from "./pod-patch/strategic-merge.ts";
export { ConfigMap, Secret } from "./resources.ts";
export { editDistance, nearest } from "./schema/nearest.ts";
export type { Support } from "./support/row.ts";
export { type SupportPlace, support } from "./support/table.ts";
export type { CauseRef, CloudEvent, EventOrigin, StoredEvent } from "./wire/cloud-event.ts";
export {
  argumentsAnnotation,
  maxWorkflowName,
  type Reuse,
  type ReusedContainer,
  type ReusedNode,
  type RunDefaults,
  type RunRequester,
  type RunSubmitted,
  runIdentity,
} from "./wire/run.ts";
export type { FilterCheck, TrailRecord } from "./wire/trail.ts";
export type { DeadLetter, TriggerRequest } from "./wire/trigger-request.ts";
export {
  Container,
  ContainerSet,
  EnvVar,
  PodContainer,
  Script,
  UserContainer,
} from "./workflow/container.ts";
export {
  Backoff,
  ContinueOn,
  LifecycleHook,
  Metadata,
  RetryPolicyName,
  RetryStrategy,
  Sequence,
  Synchronization,
  TemplateRef,
} from "./workflow/control.ts";
export { WorkflowEventBinding } from "./workflow/event-binding.ts";
export { mergeSpecs } from "./workflow/merge.ts";
export { Metrics, PrometheusMetric } from "./workflow/metrics.ts";
export {
  type FieldTest,
  parseFieldSelector,
  parseNodeSelector,
  type SelectableNode,
} from "./workflow/node-selector.ts";
export { Arguments, Artifact, Parameter, ParameterName, ValueFrom } from "./workflow/parameter.ts";
export {
  artifactPathsOf,
  Dag,
  DagTask,
  DataTemplate,
  HttpTemplate,
  InlineTemplate,
  Inputs,
  Outputs,
  ResourceTemplate,
  Suspend,
  Template,
  type TemplateType,
  templateTypes,
  WorkflowStep,
} from "./workflow/template.ts";
export {
  ClusterWorkflowTemplate,
  CronWorkflow,
  Workflow,
  WorkflowSpec,
  WorkflowTemplate,
  WorkflowTemplateRef,
} from "./workflow/workflow.ts";
export { type LoadedTests, loadWorkflowTests } from "./workflow-test/load.ts";
export {
  Command as TestCommand,
  Expectation as TestExpectation,
  ExpectedNode,
  Mock,
  TestCase,
  WorkflowTest,
} from "./workflow-test/schema.ts";
export { defaultLimits, type ParseLimits } from "./yaml/limits.ts";
export { type ParsedDocument, type ParseOptions, type ParseResult, parseManifests } from "./yaml/parse.ts";
export { fromYaml, toYaml } from "./yaml/plain.ts";
export { composeYaml, type TextWithData } from "./yaml/with-data.ts";
