/** Every expression language: compiled once, bounded, blind to the host. @module */
export { type CompiledConditions, compileConditions } from "./depends/conditions.ts";
export {
  type CompiledDepends,
  compileDepends,
  type DependsResult,
  type DependsTask,
  dependsResults,
} from "./depends/depends.ts";
export { ExprError, type Language, type Position } from "./errors.ts";
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
export type { Comparison, Evaluation } from "./govaluate/evaluate.ts";
export { type CompiledGovaluate, compileGovaluate } from "./govaluate/govaluate.ts";
export { type CompiledWhen, compileWhen } from "./govaluate/when.ts";
export { compileRegex, type Regex } from "./regex.ts";
