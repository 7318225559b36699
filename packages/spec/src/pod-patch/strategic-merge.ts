// Kubernetes' strategic merge patch over plain JSON. Pure: neither argument is changed.
// Directives: `$patch: delete|replace|merge`, `$retainKeys`, `$deleteFromPrimitiveList/<field>`,
// `$setElementOrder/<field>`; null takes a field away.
import { isForbiddenKey, isObject } from "@sluice/base";
import { SpecError } from "../errors.ts";
import type { MergeField, MergeFields } from "./merge-keys.ts";

type Fields = Readonly<Record<string, unknown>>;

const deleteFrom = "$deleteFromPrimitiveList/";
const orderOf = "$setElementOrder/";

/** `original` with `patch` merged into it. Errors: SPEC_PATCH_INVALID. */
export function strategicMerge(original: Fields, patch: Fields, merge: MergeFields = {}): Fields {
  const { $patch: directive, $retainKeys: retained, ...fields } = patch;
  if (directive === "replace") return withoutDirectives(fields);
  if (directive === "delete") return {};
  if (directive !== undefined && directive !== "merge")
    throw invalid(`$patch: '${String(directive)}' is none of delete, replace, merge`);
  const made: Record<string, unknown> = {
    ...(retained === undefined ? original : kept(original, fields, retained)),
  };
  for (const [name, value] of Object.entries(fields)) {
    if (name.startsWith(orderOf) || isForbiddenKey(name)) continue;
    if (name.startsWith(deleteFrom)) removeFrom(made, name.slice(deleteFrom.length), value);
    else if (value === null) delete made[name];
    else made[name] = mergedValue(made[name], value, merge[name] ?? {});
  }
  for (const [name, order] of Object.entries(fields))
    if (name.startsWith(orderOf)) reorder(made, name.slice(orderOf.length), order, merge);
  return made;
}

function mergedValue(there: unknown, value: unknown, { key, fields }: MergeField): unknown {
  if (isObject(there) && isObject(value)) return strategicMerge(there, value, fields);
  if (key === undefined || !Array.isArray(value)) return withoutDirectives(value);
  return mergeList(Array.isArray(there) ? there : [], value, {
    key,
    ...(fields === undefined ? {} : { fields }),
  });
}

interface ListField extends MergeField {
  readonly key: string;
}

/** Elements are told apart by a field of theirs; new ones stand where the patch's order puts them. */
function mergeList(
  there: readonly unknown[],
  patch: readonly unknown[],
  { key, fields }: ListField,
): unknown[] {
  const elements = patch.map((element) => {
    if (!isObject(element)) throw invalid(`an element of a list that is merged by '${key}' is no map`);
    return element;
  });
  const isReplaced = elements.some(({ $patch }) => $patch === "replace");
  const changes = elements.filter(({ $patch }) => $patch !== "replace");
  const before = isReplaced ? [] : there.filter(isObject);
  const deleted = new Set<unknown>();
  const merged = new Map<unknown, Fields>(before.map((element) => [element[key], element]));
  const order: unknown[] = [];
  for (const element of changes) {
    const name = element[key];
    if (name === undefined || name === null)
      throw invalid(`an element does not contain the declared merge key '${key}'`);
    if (element["$patch"] === "delete") {
      deleted.add(name);
      merged.delete(name);
      continue;
    }
    order.push(name);
    merged.set(name, strategicMerge(merged.get(name) ?? {}, element, fields));
  }
  return inOrder(
    [...merged.keys()],
    order,
    before.map((element) => element[key]),
  ).map((name) => merged.get(name));
}

/**
 * Kubernetes' order: those that the patch names in the patch's order, the others in the original's, and between the two
 * lists the original's order where it knows both; what is new comes first.
 */
function inOrder(
  all: readonly unknown[],
  named: readonly unknown[],
  original: readonly unknown[],
): unknown[] {
  const present = new Set(all);
  const right = [...new Set(named)].filter((name) => present.has(name));
  const rights = new Set(right);
  const left = all.filter((name) => !rights.has(name));
  const place = new Map(original.map((name, index) => [name, index]));
  const made: unknown[] = [];
  let at = 0;
  for (const name of left) {
    const own = place.get(name) ?? Number.POSITIVE_INFINITY;
    while (at < right.length && !(own < (place.get(right[at]) ?? -1))) made.push(right[at++]);
    made.push(name);
  }
  return [...made, ...right.slice(at)];
}

function reorder(made: Record<string, unknown>, name: string, order: unknown, merge: MergeFields): void {
  const list = made[name];
  if (!Array.isArray(order) || !Array.isArray(list)) return;
  const key = merge[name]?.key;
  const nameOf = (element: unknown): unknown =>
    key !== undefined && isObject(element) ? element[key] : element;
  const byName = new Map(list.map((element) => [nameOf(element), element]));
  const names = [...byName.keys()];
  made[name] = inOrder(names, order.map(nameOf), names).map((one) => byName.get(one));
}

function removeFrom(made: Record<string, unknown>, name: string, values: unknown): void {
  const list = made[name];
  if (!Array.isArray(values)) throw invalid(`${deleteFrom}${name} must be a list`);
  if (Array.isArray(list)) made[name] = list.filter((value) => !values.includes(value));
}

/** `$retainKeys` names every field of the patch, and all that is to stay of the original. */
function kept(original: Fields, fields: Fields, retained: unknown): Fields {
  if (!Array.isArray(retained)) throw invalid("$retainKeys must be a list of names");
  const names = new Set<unknown>(retained);
  const stray = Object.keys(fields).find((name) => !name.startsWith("$") && !names.has(name));
  if (stray !== undefined) throw invalid(`$retainKeys does not have '${stray}', which the patch sets`);
  return Object.fromEntries(Object.entries(original).filter(([name]) => names.has(name)));
}

/** What a patch puts where nothing was: directives and nulls have nothing to act on. */
function withoutDirectives(value: Fields): Fields;
function withoutDirectives(value: unknown): unknown;
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value))
    return value
      .filter((element) => !(isObject(element) && element["$patch"] !== undefined))
      .map((element: unknown) => withoutDirectives(element));
  if (!isObject(value)) return value;
  const made: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value))
    if (!name.startsWith("$") && inner !== null && !isForbiddenKey(name))
      made[name] = withoutDirectives(inner);
  return made;
}

const invalid = (reason: string) => SpecError.PATCH_INVALID({ reason });
