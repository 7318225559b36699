// What a row of the corpus says in a form that can be asked, for rows that `expectations/` does not know: so a corpus of
// other manifests is judged by more than its phases.
import type { Case } from "./cases.ts";
import type { Expectation } from "./expectation.ts";

/** What the row's text claims, and what a person has to do for it to end. */
export function claimsOf({ phases, expectation, document, needs }: Case): Expectation {
  const printed = quotedAfter(expectation, "stdout");
  const told = quotedAfter(expectation, "message");
  return {
    ...(phases.includes("Running") ? { terminate: true as const } : {}),
    ...(needs.includes("resume") || waitsForSomeone(document) ? { resume: suppliedIn(document) } : {}),
    judge: (seen) => {
      const lines = seen.lines.map(({ text }) => text);
      const messages = [seen.workflow.status.message, ...seen.nodes.map(({ message }) => message)];
      return (
        missing("printed", printed, (text) => lines.some((line) => line.includes(text))) ??
        missing("said", told, (text) => messages.some((message) => message?.includes(text) === true))
      );
    },
  };
}

const missing = (
  what: string,
  texts: readonly string[],
  isThere: (text: string) => boolean,
): string | undefined =>
  texts.length === 0 || texts.some(isThere) ? undefined : `nothing ${what} ${texts.join(" or ")}`;

/** `stdout "a" or "b"` → a, b: each text in quotes that follows the word. */
function quotedAfter(text: string, word: string): readonly string[] {
  const found = new RegExp(`\\b${word} ("[^"]*"(?: or "[^"]*")*)`).exec(text)?.[1] ?? "";
  return [...found.matchAll(/"([^"]+)"/g)].map(([, quoted = ""]) => quoted);
}

interface Suspending {
  readonly suspend?: { readonly duration?: unknown };
  readonly inputs?: { readonly parameters?: readonly { name: string; enum?: readonly string[] }[] };
  readonly outputs?: {
    readonly parameters?: readonly { name: string; valueFrom?: { supplied?: unknown; default?: unknown } }[];
  };
}

const suspending = (document: object): readonly Suspending[] => {
  const { spec } = document as { spec?: { templates?: readonly (Suspending | null)[] } };
  return (spec?.templates ?? []).filter(
    (template) => template?.suspend !== undefined,
  ) as readonly Suspending[];
};

const waitsForSomeone = (document: object): boolean =>
  suspending(document).some(({ suspend }) => suspend?.duration === undefined);

/** A value for each output that a person must set: the first of its choices. */
const suppliedIn = (document: object): Readonly<Record<string, string>> =>
  Object.fromEntries(
    suspending(document).flatMap(({ inputs, outputs }) =>
      (outputs?.parameters ?? [])
        .filter(({ valueFrom }) => valueFrom?.supplied !== undefined && valueFrom.default === undefined)
        .map(({ name }) => [
          name,
          inputs?.parameters?.find((input) => input.name === name)?.enum?.[0] ?? "set",
        ]),
    ),
  );
