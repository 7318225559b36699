/** Every expression language: compiled once, bounded, blind to the host. @module */

export { defaultLimits, type Limits } from "./budget.ts";
export { type CronPlan, type ParsedCron, parseCron } from "./cron/parse.ts";
export { type CronSchedule, compileCron } from "./cron/schedule.ts";
export { type CompiledConditions, compileConditions } from "./depends/conditions.ts";
export {
  type CompiledDepends,
  compileDepends,
  type DependsResult,
  type DependsTask,
  dependsResults,
} from "./depends/depends.ts";
export { ExprError, type Language, type Position } from "./errors.ts";
export { type CheckedExpr, checkExpr, type ExprProblem, type ExprRead } from "./exprlang/check/check.ts";
export { type ExprType, signatures as exprSignatures } from "./exprlang/check/signatures.ts";
export { type CompiledExpr, compileExpr } from "./exprlang/compile.ts";
export { type ExprEnv, evaluateExpr } from "./exprlang/evaluate.ts";
export { expandKeys, exprText } from "./exprlang/text.ts";
export { formatGo } from "./format-go.ts";
export { getPath } from "./gjson/get.ts";
export {
  type GjsonResult,
  type GjsonType,
  gjsonBool,
  gjsonFloat,
  gjsonRaw,
  gjsonString,
  parseBool,
  parseFloatStrictly,
} from "./gjson/result.ts";
export { setPath } from "./gjson/set.ts";
export { type CompiledGoTemplate, compileGoTemplate, type GoTemplateOptions } from "./gotemplate/template.ts";
export type { Comparison, Evaluation } from "./govaluate/evaluate.ts";
export { type CompiledGovaluate, compileGovaluate } from "./govaluate/govaluate.ts";
export { type CompiledWhen, compileWhen, type WhenVerdict } from "./govaluate/when.ts";
export {
  type CompiledWhenTemplate,
  compileWhenTemplate,
  type WhenOptions,
} from "./govaluate/when-template.ts";
export { type CompiledJq, compileJq, type JqOptions } from "./jq/jq.ts";
export { getJsonPath } from "./jsonpath/jsonpath.ts";
export { type CompiledJsonPath, compileJsonPath } from "./jsonpath/kubectl.ts";
export { compileRegex, type Regex } from "./regex.ts";
export { renderJson, stringsOf } from "./tags/json.ts";
export { listTags, type Tag } from "./tags/list.ts";
export { type ParsedTemplate, parseTemplate, type TemplatePart } from "./tags/parse.ts";
export { type RenderOptions, type ResolveTag, renderParsed, renderTemplate } from "./tags/render.ts";
export { GoDuration, GoTime } from "./time/go-time.ts";
