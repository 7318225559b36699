/** Schemas and types of every resource, YAML with positions, and the formats of what is stored. @module */
export * from "./contract.ts";
export { requireNoErrors, SpecError } from "./errors.ts";
export { formatIssues } from "./format.ts";
export {
  formatPath,
  hasErrors,
  type Issue,
  type IssueCode,
  issueCodes,
  type Path,
  type Position,
} from "./issue.ts";
export { type KindSchemas, type LintOptions, lintManifests, lintObject, lintWorkflow } from "./lint/index.ts";
export {
  type LoadedManifest,
  type LoadResult,
  loadManifest,
  loadManifests,
  type Manifest,
  type ManifestKind,
  manifestSchemas,
  parseObject,
  parseWorkflow,
  type ReadResult,
  titleOf,
} from "./manifest.ts";
export { ConfigMap, Secret } from "./resources.ts";
export { editDistance, nearest } from "./schema/nearest.ts";
export { type Support, type SupportPlace, support, supportedHooks, unsupportedKinds } from "./support.ts";
export { WorkflowEventBinding } from "./workflow/event-binding.ts";
export { defaultLimits, type ParseLimits } from "./yaml/limits.ts";
export { type ParsedDocument, type ParseOptions, type ParseResult, parseManifests } from "./yaml/parse.ts";
export { fromYaml, toYaml } from "./yaml/plain.ts";
