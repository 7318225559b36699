import { isObject } from "@sluice/base";
import type { Path } from "../issue.ts";

/** A text somewhere in a value. */
export interface PlacedText {
  readonly text: string;
  readonly path: Path;
}

/** Every text of a value with its path. `skip` leaves out keys of the value itself. */
export function* textsOf(value: unknown, path: Path, skip: readonly string[] = []): Iterable<PlacedText> {
  const stack: { readonly value: unknown; readonly path: Path }[] = [{ value, path }];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    if (typeof top.value === "string") {
      yield { text: top.value, path: top.path };
    } else if (Array.isArray(top.value)) {
      for (let i = top.value.length - 1; i >= 0; i--)
        stack.push({ value: top.value[i], path: [...top.path, i] });
    } else if (isObject(top.value)) {
      const root = top.value === value;
      for (const [key, inner] of Object.entries(top.value).reverse()) {
        if (!(root && skip.includes(key))) stack.push({ value: inner, path: [...top.path, key] });
      }
    }
  }
}
