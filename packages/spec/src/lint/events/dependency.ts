import { compileGovaluate, compileRegex } from "@sluice/expr";
import type {
  DataFilter,
  Dependency,
  DependencyFilters,
  ExprFilter,
  TimeFilter,
} from "../../events/sensor.ts";
import type { IssueSink, Path } from "../../issue.ts";
import { compiled } from "../compiled.ts";
import { lintGjson, lintGoTemplate } from "../expressions.ts";
import { isTimezone, secondsOfDay } from "../formats.ts";
import { checkFields } from "../workflow/supported.ts";

/** One dependency: filters that compile and can match. */
export function lintDependency(dependency: Dependency, sink: IssueSink, path: Path): void {
  checkFields({ sink, executor: undefined }, "dependency", dependency, path);
  const { filters } = dependency;
  if (filters === undefined) return;
  const at = [...path, "filters"];
  checkFields({ sink, executor: undefined }, "filters", filters, at);
  if (isEmpty(filters) && dependency.filtersLogicalOperator === "or") {
    sink.error("SPEC_NEVER", at, {
      message: "no filter is given, so with 'or' none can pass: every event would be dropped",
      hint: "add a filter, or take 'filtersLogicalOperator: or' out",
    });
  }
  for (const [i, filter] of (filters.data ?? []).entries()) lintDataFilter(filter, sink, [...at, "data", i]);
  for (const [i, filter] of (filters.exprs ?? []).entries())
    lintExprFilter(filter, sink, [...at, "exprs", i]);
  if (filters.time !== undefined) lintTimeFilter(filters.time, sink, [...at, "time"]);
  if (filters.context !== undefined && Object.keys(filters.context).length === 0) {
    sink.error("SPEC_NEVER", [...at, "context"], {
      message: "no fields specified in ctx filter (aka all events will be discarded)",
      hint: "name the attributes to compare, or take 'context' out",
    });
  }
}

const isEmpty = (filters: DependencyFilters): boolean =>
  [filters.data, filters.exprs].every((list) => (list ?? []).length === 0) &&
  [filters.time, filters.context, filters.script].every((one) => one === undefined);

function lintDataFilter(filter: DataFilter, sink: IssueSink, path: Path): void {
  lintGjson(sink, filter.path, [...path, "path"]);
  const { type, comparator, value } = filter;
  const ordered = comparator === ">" || comparator === ">=" || comparator === "<" || comparator === "<=";
  if (type === "string" && ordered) {
    sink.error("SPEC_NEVER", [...path, "comparator"], {
      message: `comparator '${comparator}' never matches a string: texts have only '=' and '!='`,
      hint: "use type: number, or an expr filter",
    });
  }
  if (type === "bool" && comparator !== undefined && comparator !== "" && comparator !== "=") {
    sink.warn("SPEC_NEVER", [...path, "comparator"], {
      message: `comparator '${comparator}' is not looked at for type bool`,
      hint: `write the value that you want: ["true"] or ["false"]`,
    });
  }
  for (const [i, one] of value.entries()) lintDataValue(type, one, sink, [...path, "value", i]);
  if (comparator === "!=" && value.length > 1) {
    sink.warn("SPEC_NEVER", [...path, "value"], {
      message: "'!=' with several values is true when any of them differs, so nearly always",
      hint: "write one filter a value: filters are joined with 'and'",
    });
  }
  if (filter.template !== undefined) lintGoTemplate(sink, filter.template, [...path, "template"]);
}

function lintDataValue(type: DataFilter["type"], value: string, sink: IssueSink, path: Path): void {
  if (type === "string") {
    compiled(sink, { text: value, path }, () => compileRegex(value));
  } else if (type === "number" && !isNumber(value)) {
    sink.error("SPEC_NEVER", path, {
      message: `'${value}' is not a number, so the filter can never pass`,
      hint: "write a number, or use type: string",
    });
  } else if (type === "bool" && !/^(1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/.test(value)) {
    sink.error("SPEC_NEVER", path, {
      message: `'${value}' is neither true nor false, so the filter can never pass`,
      hint: 'write "true" or "false"',
    });
  }
}

const isNumber = (text: string): boolean =>
  text.trim() !== "" && (Number.isFinite(Number(text)) || /^[-+]?(inf|infinity|nan)$/i.test(text));

function lintExprFilter(filter: ExprFilter, sink: IssueSink, path: Path): void {
  compiled(sink, { text: filter.expr, path: [...path, "expr"] }, () => compileGovaluate(filter.expr));
  const seen = new Set<string>();
  for (const [i, field] of filter.fields.entries()) {
    lintGjson(sink, field.path, [...path, "fields", i, "path"]);
    if (seen.has(field.name)) {
      const message = `field name '${field.name}' stands twice`;
      sink.error("SPEC_NAME", [...path, "fields", i, "name"], { message, hint: "rename one of the two" });
    }
    seen.add(field.name);
  }
}

function lintTimeFilter(filter: TimeFilter, sink: IssueSink, path: Path): void {
  const { start, stop, timezone } = filter;
  for (const [field, text] of Object.entries({ start, stop })) {
    if (secondsOfDay(text) !== undefined) continue;
    const message = `'${field}' must be a time of day, HH:MM:SS, got '${text}'`;
    sink.error("SPEC_VALUE", [...path, field], { message, hint: 'for example "08:30:00"' });
  }
  if (secondsOfDay(start) !== undefined && secondsOfDay(start) === secondsOfDay(stop)) {
    sink.error("SPEC_NEVER", [...path, "stop"], {
      message: `invalid event time filter: stop '${stop}' is equal to start '${start}'`,
      hint: "start is included, stop is not: such a window is empty",
    });
  }
  if (timezone !== undefined && timezone !== "" && !isTimezone(timezone)) {
    sink.error("SPEC_VALUE", [...path, "timezone"], {
      message: `invalid timezone "${timezone}"`,
      hint: "use a name of the IANA list, for example 'Europe/Berlin'",
    });
  }
}
