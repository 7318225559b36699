import type { Path } from "../../issue.ts";
import { maxWorkflowName } from "../../wire/run.ts";
import type { Template } from "../../workflow/template.ts";
import { callsOf, type Placed, type WorkflowLint } from "./context.ts";

/** Longest name of a template, step or task. */
const maxName = 128;
const templatePattern = /^[a-zA-Z0-9][-a-zA-Z0-9]*$/;
const stepPattern = /^[a-zA-Z0-9_][-a-zA-Z0-9_]*$/;

/** Names: form, length, uniqueness. */
export function lintNames(lint: WorkflowLint): void {
  lintWorkflowName(lint);
  const templates: readonly Placed<Template>[] = (lint.spec.templates ?? []).map((value, i) => ({
    value,
    path: [...lint.base, "templates", i],
  }));
  const seen = new Set<string>();
  for (const { value, path } of templates) {
    if (value.name === undefined || value.name === "") {
      lint.sink.error("SPEC_NAME", [...path, "name"], {
        message: `spec.templates[${String(path.at(-1))}].name is required`,
        hint: "give the template a name",
        key: true,
      });
      continue;
    }
    const place = `spec.templates[${String(path.at(-1))}].name`;
    checkName(lint, { name: value.name, path: [...path, "name"], place, seen, pattern: templatePattern });
  }
  for (const template of templates) lintCallNames(lint, template);
}

function lintWorkflowName({ metadata, metadataPath, sink, what }: WorkflowLint): void {
  const name = metadata.name ?? "";
  if (name.length > maxWorkflowName) {
    sink.error("SPEC_NAME", [...metadataPath, "name"], {
      message: `${what} name "${name}" must not be more than ${maxWorkflowName} characters long (currently ${name.length})`,
      hint: "it becomes a label value; shorten it",
    });
  }
}

function lintCallNames(lint: WorkflowLint, template: Placed<Template>): void {
  const title = `templates.${template.value.name ?? ""}`;
  const seenSteps = new Set<string>();
  const usesDepends = (template.value.dag?.tasks ?? []).some((task) => (task.depends ?? "") !== "");
  for (const call of callsOf(template)) {
    const { name } = call.step;
    const place =
      call.kind === "steps"
        ? `${title}.steps[${call.group}].name`
        : `${title}.tasks[${String(call.path.at(-1))}].name`;
    const path = [...call.path, "name"];
    if (name === "") {
      lint.sink.error("SPEC_NAME", path, { message: `${place} is required`, hint: "give it a name" });
      continue;
    }
    checkName(lint, { name, path, place, seen: seenSteps, pattern: stepPattern });
    const waitsForAll = "dependencies" in call.step && (call.step.dependencies ?? []).length > 0;
    if (call.kind === "tasks" && /^\d/.test(name) && (usesDepends || waitsForAll)) {
      lint.sink.error("SPEC_NAME", path, {
        message: `${title}.tasks.${name} name cannot begin with a digit when using either 'depends' or 'dependencies'`,
        hint: "start the name with a letter",
      });
    }
  }
}

interface NameCheck {
  readonly name: string;
  readonly path: Path;
  readonly place: string;
  readonly seen: Set<string>;
  readonly pattern: RegExp;
}

function checkName({ sink }: WorkflowLint, check: NameCheck): void {
  if (check.name.length > maxName) {
    const message = `${check.place} must not be more than ${maxName} characters long (currently ${check.name.length})`;
    sink.error("SPEC_NAME", check.path, { message, hint: "shorten it" });
  } else if (!check.pattern.test(check.name)) {
    sink.error("SPEC_NAME", check.path, {
      message: `${check.place}: '${check.name}' is invalid: name must consist of alpha-numeric characters or '-', and must start with an alpha-numeric character (e.g. My-name1-2, 123-NAME)`,
      hint: "rename it",
    });
  }
  if (check.seen.has(check.name)) {
    sink.error("SPEC_NAME", check.path, {
      message: `${check.place} '${check.name}' is not unique`,
      hint: "rename one of the two",
    });
  }
  check.seen.add(check.name);
}
