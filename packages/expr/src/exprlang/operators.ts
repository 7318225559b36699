import type { Budget } from "../budget.ts";
import { fault } from "../fault.ts";
import { compileRegex, type Regex } from "../regex.ts";
import { GoDuration, GoTime } from "../time/go-time.ts";
import { equalValues, isMapping, orderOf, typeName } from "../values.ts";

const mismatch = (operator: string, left: unknown, right: unknown): never =>
  fault(`invalid operation: ${operator} (mismatched types ${typeName(left)} and ${typeName(right)})`);

/** All binary operators but `and`, `or` and `??`, whose right side may not be looked at. */
export function applyBinary(operator: string, left: unknown, right: unknown, budget: Budget): unknown {
  switch (operator) {
    case "==":
      return equalValues(left, right, budget);
    case "!=":
      return !equalValues(left, right, budget);
    case "<":
      return orderOf(left, right, operator) < 0;
    case "<=":
      return orderOf(left, right, operator) <= 0;
    case ">":
      return orderOf(left, right, operator) > 0;
    case ">=":
      return orderOf(left, right, operator) >= 0;
    case "in":
      return isIn(left, right, budget);
    case "contains":
    case "startsWith":
    case "endsWith":
    case "matches":
      return textTest(operator, left, right, budget);
    case "..":
      return range(left, right, budget);
    default:
      return arithmetic(operator, left, right, budget);
  }
}

function isIn(left: unknown, right: unknown, budget: Budget): boolean {
  if (right === null || right === undefined) return false;
  if (Array.isArray(right)) return right.some((item) => equalValues(left, item, budget));
  if (isMapping(right)) return typeof left === "string" && Object.hasOwn(right, left);
  return fault(`operator "in" not defined on ${typeName(right)}`);
}

function textTest(operator: string, left: unknown, right: unknown, budget: Budget): boolean {
  if (left === null || left === undefined) return false;
  if (typeof left !== "string" || typeof right !== "string") return mismatch(operator, left, right);
  budget.text(left.length);
  if (operator === "contains") return left.includes(right);
  if (operator === "startsWith") return left.startsWith(right);
  return operator === "endsWith" ? left.endsWith(right) : cachedRegex(right, budget).test(left);
}

const regexes = new WeakMap<Budget, Map<string, Regex>>();

/** Patterns are compiled once an evaluation; compiling costs steps, so many distinct ones are bounded too. */
export function cachedRegex(pattern: string, budget: Budget): Regex {
  let known = regexes.get(budget);
  if (known === undefined) {
    known = new Map();
    regexes.set(budget, known);
  }
  const found = known.get(pattern);
  if (found !== undefined) return found;
  budget.spend(50 + pattern.length);
  const made = compileRegex(pattern);
  known.set(pattern, made);
  return made;
}

function range(left: unknown, right: unknown, budget: Budget): readonly number[] {
  if (!Number.isInteger(left) || !Number.isInteger(right)) return mismatch("..", left, right);
  const from = left as number;
  const count = Math.max(0, (right as number) - from + 1);
  budget.items(count);
  return Array.from({ length: count }, (_, index) => from + index);
}

function arithmetic(operator: string, left: unknown, right: unknown, budget: Budget): unknown {
  if (typeof left === "number" && typeof right === "number") return calculate(operator, left, right);
  if (operator === "+" && typeof left === "string" && typeof right === "string") {
    budget.text(left.length + right.length);
    return left + right;
  }
  return temporal(operator, left, right);
}

function calculate(operator: string, left: number, right: number): number {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    case "**":
      return left ** right;
    default:
      if (!Number.isInteger(left) || !Number.isInteger(right)) return mismatch(operator, left, right);
      return right === 0 ? fault("integer divide by zero") : left % right;
  }
}

function temporal(operator: string, left: unknown, right: unknown): unknown {
  const adds = operator === "+";
  if (!adds && operator !== "-") return scaled(operator, left, right);
  const first = timeOf(left, right);
  const second = timeOf(right, left);
  if (first instanceof GoTime && right instanceof GoDuration)
    return new GoTime(first.epochMs + (adds ? right.ms : -right.ms), first.zone);
  if (first instanceof GoTime && second instanceof GoTime && !adds)
    return new GoDuration((first.epochMs - second.epochMs) * 1e6);
  if (left instanceof GoDuration && second instanceof GoTime && adds)
    return new GoTime(second.epochMs + left.ms, second.zone);
  if (left instanceof GoDuration && right instanceof GoDuration)
    return new GoDuration(adds ? left.ns + right.ns : left.ns - right.ns);
  return mismatch(operator, left, right);
}

/** A text beside a time is read as one: manifests carry times as RFC 3339 texts. */
const timeOf = (value: unknown, beside: unknown): unknown =>
  typeof value === "string" && beside instanceof GoTime ? (GoTime.parse(value) ?? value) : value;

function scaled(operator: string, left: unknown, right: unknown): unknown {
  if (operator === "*" && left instanceof GoDuration && typeof right === "number")
    return new GoDuration(left.ns * right);
  if (operator === "*" && typeof left === "number" && right instanceof GoDuration)
    return new GoDuration(left * right.ns);
  if (operator === "/" && left instanceof GoDuration && typeof right === "number")
    return new GoDuration(left.ns / right);
  return mismatch(operator, left, right);
}
