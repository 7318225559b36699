import { EngineError } from "../errors.ts";

type Changes = Readonly<Record<string, string | null>>;

const part = "[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?";
const key = new RegExp(`^(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?/)?${part}$`);
const value = new RegExp(`^(?:${part})?$`);

/** Changes at once, and characters of an annotation: a fact of a journal stays small. */
const maxChanges = 100;
const maxAnnotation = 64 * 1_024;

/** Names and values as Kubernetes has them. Errors: ENGINE_LABEL_INVALID. */
export function checkLabels(labels: Changes = {}, annotations: Changes = {}): void {
  const invalid = (what: string, reason: string) => EngineError.LABEL_INVALID({ what, reason });
  if (Object.keys(labels).length + Object.keys(annotations).length > maxChanges)
    throw invalid("labels and annotations", `more than ${maxChanges} at once`);
  for (const [kind, changes] of Object.entries({ label: labels, annotation: annotations }))
    for (const [name, given] of Object.entries(changes)) {
      const what = `${kind} '${name.slice(0, 100)}'`;
      if (!key.test(name)) throw invalid(what, "it is no name");
      if (given === null) continue;
      if (kind === "label" && !value.test(given))
        throw invalid(what, "its value is none that a label may have");
      if (given.length > maxAnnotation)
        throw invalid(what, `its value is longer than ${maxAnnotation} characters`);
    }
}
