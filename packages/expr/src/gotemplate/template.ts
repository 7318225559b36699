import { isAppError, isForbiddenKey } from "@sluice/base";
import { Budget, type Limits } from "../budget.ts";
import { ExprError } from "../errors.ts";
import { type ExprEnv, FunctionValue } from "../exprlang/context.ts";
import { readMember } from "../exprlang/members.ts";
import { Fault, fault } from "../fault.ts";
import { SourceText } from "../position.ts";
import { formatPlain } from "../printf.ts";
import { isEmpty } from "../sprig/cast.ts";
import { isMapping, type Mapping, readKey, typeName } from "../values.ts";
import { templateFunction } from "./functions.ts";
import {
  type Body,
  type Operand,
  type ParsedGoTemplate,
  type Pipe,
  parseGoTemplate,
  type TemplateNode,
} from "./parser.ts";

/** A Go text/template with sprig's functions, ready to be rendered any number of times. */
export interface CompiledGoTemplate {
  readonly text: string;
  /**
   * Renders with `data` as the dot; what is missing prints `<no value>`. Numbers print without an exponent (Go would
   * print 3.9e+06 for a JSON 3900000). Errors: EXPR_EVALUATION with the place, EXPR_LIMIT, EXPR_FORBIDDEN_KEY.
   */
  render(data: unknown, options?: GoTemplateOptions): string;
}

export interface GoTemplateOptions extends Pick<ExprEnv, "clock" | "random"> {
  readonly limits?: Partial<Limits> | undefined;
}

/** Compiles a Go template. Errors: EXPR_SYNTAX with the place (unknown functions too, when rendered), EXPR_LIMIT. */
export function compileGoTemplate(text: string): CompiledGoTemplate {
  const source = new SourceText("gotemplate", text, 1_048_576);
  const parsed = parseGoTemplate(source);
  return { text, render: (data, options = {}) => new Rendering(source, parsed, options).whole(data) };
}

const has = (value: Mapping, key: string): boolean => isForbiddenKey(key) || Object.hasOwn(value, key);

type Flow = "on" | "break" | "continue";

class Rendering {
  readonly #source: SourceText;
  readonly #parsed: ParsedGoTemplate;
  readonly #context: { readonly budget: Budget } & Pick<Required<ExprEnv>, "clock" | "random">;
  readonly #out: string[] = [];
  #length = 0;
  #calls = 0;
  #variables: { name: string; value: unknown }[] = [];

  constructor(source: SourceText, parsed: ParsedGoTemplate, { clock, random, limits }: GoTemplateOptions) {
    this.#source = source;
    this.#parsed = parsed;
    this.#context = { budget: new Budget("gotemplate", limits), clock, random };
  }

  whole(data: unknown): string {
    this.#variables = [{ name: "$", value: data }];
    this.#body(this.#parsed.body, data ?? undefined);
    return this.#out.join("");
  }

  #body(body: Body, dot: unknown): Flow {
    const scope = this.#variables.length;
    try {
      for (const node of body) {
        const flow = this.#node(node, dot);
        if (flow !== "on") return flow;
      }
      return "on";
    } finally {
      this.#variables.length = scope;
    }
  }

  #node(node: TemplateNode, dot: unknown): Flow {
    this.#context.budget.spend();
    switch (node.kind) {
      case "text":
        this.#write(node.text);
        return "on";
      case "output": {
        const value = this.#pipe(node.pipe, dot);
        if (node.pipe.variables.length === 0)
          this.#write(this.#placed(node.pipe.offset, () => this.#shown(value)));
        return "on";
      }
      case "if":
      case "with":
        return this.#choice(node, dot);
      case "range":
        return this.#range(node, dot);
      case "template":
        return this.#call(node, dot);
      case "break":
      case "continue":
        return node.kind;
    }
  }

  #shown(value: unknown): string {
    return value === null || value === undefined ? "<no value>" : formatPlain(value, this.#context.budget);
  }

  #write(text: string): void {
    this.#length += text.length;
    const max = this.#context.budget.limits.maxOutputLength;
    if (this.#length > max)
      throw ExprError.LIMIT({ language: "gotemplate", what: "characters of output", max });
    this.#out.push(text);
  }

  #choice(node: TemplateNode & { kind: "if" | "with" | "range" }, dot: unknown): Flow {
    const scope = this.#variables.length;
    const value = this.#pipe(node.pipe, dot);
    const inner = node.kind === "with" ? value : dot;
    const flow = isEmpty(value) ? this.#body(node.otherwise, dot) : this.#body(node.body, inner);
    this.#variables.length = scope;
    return flow;
  }

  #range(node: TemplateNode & { kind: "if" | "with" | "range" }, dot: unknown): Flow {
    const { variables, ...pipe } = node.pipe;
    const entries = this.#entries(this.#pipe({ ...pipe, variables: [] }, dot), node.pipe.offset);
    if (entries.length === 0) return this.#body(node.otherwise, dot);
    const scope = this.#variables.length;
    for (const [key, value] of entries) {
      this.#context.budget.spend();
      const [first, second] = variables;
      if (second !== undefined)
        this.#variables.push({ name: first ?? "", value: key }, { name: second, value });
      else if (first !== undefined) this.#variables.push({ name: first, value });
      const flow = this.#body(node.body, value);
      this.#variables.length = scope;
      if (flow === "break") break;
    }
    return "on";
  }

  #entries(value: unknown, offset: number): readonly (readonly [unknown, unknown])[] {
    if (value === null || value === undefined) return [];
    if (Array.isArray(value)) return value.map((item, index) => [index, item] as const);
    if (isMapping(value))
      return Object.keys(value)
        .sort()
        .map((key) => [key, value[key]] as const);
    if (Number.isInteger(value)) {
      this.#context.budget.items(value as number);
      return Array.from({ length: Math.max(0, value as number) }, (_, index) => [index, index] as const);
    }
    throw this.#source.evaluation(`range can't iterate over ${typeName(value)}`, offset);
  }

  #call(node: TemplateNode & { kind: "template" }, dot: unknown): Flow {
    const body = this.#parsed.defined.get(node.name);
    if (body === undefined) throw this.#source.evaluation(`template "${node.name}" not defined`, node.offset);
    if (++this.#calls > 100)
      throw ExprError.LIMIT({ language: "gotemplate", what: "nested template calls", max: 100 });
    const data = node.pipe === undefined ? undefined : this.#pipe(node.pipe, dot);
    const outer = this.#variables;
    this.#variables = [{ name: "$", value: data }];
    this.#body(body, data);
    this.#variables = outer;
    this.#calls--;
    return "on";
  }

  #pipe(pipe: Pipe, dot: unknown): unknown {
    let value: unknown;
    for (const [index, command] of pipe.commands.entries())
      value = this.#command(command, dot, index === 0 ? [] : [value]);
    for (const name of pipe.variables) {
      if (pipe.assigns) this.#variable(name, pipe.offset).value = value;
      else this.#variables.push({ name, value });
    }
    return value;
  }

  #command(command: readonly Operand[], dot: unknown, last: readonly unknown[]): unknown {
    const [first, ...rest] = command as [Operand, ...Operand[]];
    this.#context.budget.spend();
    if (first.kind === "word") {
      if (first.text === "and" || first.text === "or") return this.#logic(first.text, rest, dot, last);
      const run = templateFunction(first.text);
      if (run === undefined) throw this.#source.syntax(`function "${first.text}" not defined`, first.offset);
      const args = [...rest.map((arg) => this.#operand(arg, dot)), ...last];
      return this.#placed(first.offset, () => run(args, this.#context));
    }
    const value = this.#value(first, dot);
    const args = [...rest.map((arg) => this.#operand(arg, dot)), ...last];
    if (value instanceof FunctionValue)
      return this.#placed(first.offset, () => value.run(args, this.#context));
    if (args.length > 0) throw this.#source.evaluation("can't give argument to non-function", first.offset);
    return value;
  }

  #logic(name: "and" | "or", rest: readonly Operand[], dot: unknown, last: readonly unknown[]): unknown {
    let value: unknown = null;
    for (const arg of rest) {
      value = this.#operand(arg, dot);
      if (isEmpty(value) === (name === "and")) return value;
    }
    return last.length > 0 ? last[0] : value;
  }

  /** The value of an argument: a method is called. */
  #operand(operand: Operand, dot: unknown): unknown {
    const value = this.#value(operand, dot);
    return value instanceof FunctionValue
      ? this.#placed(operand.offset, () => value.run([], this.#context))
      : value;
  }

  #value(operand: Operand, dot: unknown): unknown {
    switch (operand.kind) {
      case "literal":
        return operand.value;
      case "word":
        return this.#command([operand], dot, []);
      case "group":
        return this.#fields(this.#pipe(operand.pipe, dot), operand.names, operand.offset);
      case "field": {
        const start = operand.root === "" ? dot : this.#variable(operand.root, operand.offset).value;
        return this.#fields(start, operand.names, operand.offset);
      }
    }
  }

  #fields(start: unknown, names: readonly string[], offset: number): unknown {
    return this.#placed(offset, () => {
      let value = start;
      for (const name of names) {
        // What is missing stays missing, however far it is followed; a null is a value without fields.
        if (value === undefined) return undefined;
        if (isMapping(value)) value = has(value, name) ? readKey(value, name) : undefined;
        else if (value === null) fault(`nil data; no value to take .${name} from`);
        else if (typeof value === "object" && !Array.isArray(value)) value = readMember(value, name);
        else fault(`can't evaluate field ${name} in type ${typeName(value)}`);
      }
      return value;
    });
  }

  #variable(name: string, offset: number): { value: unknown } {
    const found = this.#variables.findLast((variable) => variable.name === name);
    if (found === undefined) throw this.#source.syntax(`undefined variable "${name}"`, offset);
    return found;
  }

  #placed<T>(offset: number, act: () => T): T {
    try {
      return act();
    } catch (error) {
      if (error instanceof Fault) throw this.#source.evaluation(error.message, offset);
      if (isAppError(error)) throw error;
      throw this.#source.evaluation("the value cannot be worked with", offset, error);
    }
  }
}
