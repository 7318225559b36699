import { defineErrors } from "@sluice/base";

const run = (d: { namespace: string; name: string }) => `workflow '${d.namespace}/${d.name}'`;

/** What the engine says no with. */
export const EngineError = defineErrors("ENGINE", {
  RUN_NOT_FOUND: {
    retry: "never",
    message: (d: { namespace: string; name: string }) => `${run(d)} does not exist`,
    hint: (d: { namespace: string; name: string }) =>
      `see which there are: \`sluice list -n ${d.namespace}\``,
  },
  NAME_TAKEN: {
    retry: "never",
    message: (d: { namespace: string; name: string; uid: string }) =>
      `${run(d)} already exists (uid ${d.uid})`,
    hint: "choose another metadata.name, use metadata.generateName, or delete the old one with `sluice delete`",
  },
  BACKFILL_NOT_FOUND: {
    retry: "never",
    message: (d: { namespace: string; cron: string; name: string }) =>
      `cron workflow '${d.namespace}/${d.cron}' has no backfill '${d.name}'`,
    hint: (d: { namespace: string; cron: string }) =>
      `see which there are: \`sluice cron backfills ${d.cron} -n ${d.namespace}\``,
  },
  BACKFILL_EXISTS: {
    retry: "never",
    message: (d: { namespace: string; cron: string; name: string }) =>
      `cron workflow '${d.namespace}/${d.cron}' has another backfill '${d.name}' under way`,
    hint: "give this one a --name of its own, or stop the other: `sluice cron backfills CRON --stop NAME`",
  },
  BACKFILL_TOO_LARGE: {
    retry: "never",
    message: (d: { namespace: string; name: string; limit: number }) =>
      `cron workflow '${d.namespace}/${d.name}' has more than ${d.limit} scheduled times in this span`,
    hint: "take a shorter span, or raise --maxworkflowcount",
  },
  REFERENCE_REQUIRED: {
    retry: "never",
    message: (d: { name: string; mode: string }) =>
      `workflow '${d.name}': here only workflows with a workflowTemplateRef run (templateReferencing: ${d.mode})`,
    hint: "apply its templates as a WorkflowTemplate, and submit it with `sluice submit --from workflowtemplate/NAME`",
  },
  FIELD_RESTRICTED: {
    retry: "never",
    message: (d: { name: string; mode: string; field: string }) =>
      `workflow '${d.name}': spec.${d.field} may not be set beside a workflowTemplateRef here (templateReferencing: ${d.mode})`,
    hint: "set it in the WorkflowTemplate; who runs the server may allow it with the setting overridableFields",
  },
  BINDING_INVALID: {
    retry: "never",
    message: (d: { name: string; reason: string }) => `WorkflowEventBinding '${d.name}': ${d.reason}`,
    hint: "mend its spec.event.selector, or the expressions under spec.submit",
  },
  RETRY_REFUSED: {
    retry: "never",
    message: (d: { namespace: string; name: string; reason: string }) => `${run(d)}: ${d.reason}`,
    hint: "only a workflow that has ended can be tried again; `sluice get` shows its phase",
  },
  RETRY_TOO_SOON: {
    retry: "later",
    message: (d: { namespace: string; name: string }) => `${run(d)} has ended, and is still being put away`,
    hint: "ask again in a few seconds",
  },
  RUN_FINISHED: {
    retry: "never",
    message: (d: { namespace: string; name: string; verb: string; phase: string }) =>
      `cannot ${d.verb} ${run(d)}: it is ${d.phase} already`,
    hint: "only a running workflow can be changed; submit it again to run it again",
  },
  NODE_NOT_FOUND: {
    retry: "never",
    message: (d: { namespace: string; name: string; selector: string }) =>
      `no waiting suspend node of ${run(d)} matches '${d.selector}'`,
    hint: "see the nodes with `sluice get NAME`; a selector looks like displayName=approve",
  },
  SELECTOR_INVALID: {
    retry: "never",
    message: (d: { selector: string; part: string }) =>
      `node field selector '${d.selector}' cannot be read at '${d.part}'`,
    hint: "write field=value or field!=value, joined by commas; fields: displayName, templateName, phase, name, id, inputs.parameters.NAME.value",
  },
  CONTINUE_INVALID: {
    retry: "never",
    message: (d: { token: string }) => `continue token '${d.token.slice(0, 100)}' is none that a list gave`,
    hint: "pass metadata.continue of the page before as it is, or begin again without it",
  },
  LABEL_INVALID: {
    retry: "never",
    message: (d: { what: string; reason: string }) => `${d.what}: ${d.reason}`,
    hint: "names are `name` or `prefix/name`, values of labels at most 63 letters, digits, '-', '_' and '.'",
  },
  OUTPUT_MISSING: {
    retry: "never",
    message: (d: { parameter: string }) =>
      `raw output parameter '${d.parameter}' has not been set and does not have a default value`,
    hint: "give it with `sluice resume NAME -p parameter=value`",
  },
  OUTPUT_REFUSED: {
    retry: "never",
    message: (d: { reason: string }) => d.reason,
    hint: "only an output with valueFrom.supplied takes a value, once; see the node with `sluice get NAME -o yaml`",
  },
  COMMAND_CONTENDED: {
    retry: "later",
    message: (d: { namespace: string; name: string; tries: number }) =>
      `the journal of ${run(d)} changed under each of ${d.tries} tries to write a command`,
    hint: "try again",
  },
  JOURNAL_INVALID: {
    retry: "bug",
    message: (d: { namespace: string; name: string; reason: string }) =>
      `the journal of ${run(d)} cannot be read: ${d.reason}`,
    hint: "keep the data folder and report it",
  },
  VALUE_UNRESOLVED: {
    retry: "never",
    message: (d: { reason: string }) => d.reason,
    hint: "the tag names nothing that exists at this place; `sluice lint` shows where",
  },
  TEMPLATE_INVALID: {
    retry: "never",
    message: (d: { reason: string }) => d.reason,
    hint: "see the template's text with `sluice get NAME -o yaml`",
  },
  EXECUTOR_UNKNOWN: {
    retry: "never",
    message: (d: { name: string; known: string }) =>
      `executor '${d.name}' does not exist here; there are ${d.known}`,
    hint: "correct the workflow's annotation sluice.dev/executor, or start the server with that executor",
  },
  START_FAILED: {
    retry: "never",
    message: (d: { reason: string }) => `the step could not be started: ${d.reason}`,
    hint: "see what the executor needs: `sluice doctor`",
  },
  CRON_NOT_FOUND: {
    retry: "never",
    message: (d: { namespace: string; name: string }) => `cron workflow "${d.namespace}/${d.name}" not found`,
    hint: (d: { namespace: string; name: string }) =>
      `see which there are: \`sluice cron list -n ${d.namespace}\``,
  },
  CRON_EXISTS: {
    retry: "never",
    message: (d: { namespace: string; name: string }) =>
      `cron workflow '${d.namespace}/${d.name}' already exists`,
    hint: "change it with `sluice cron update FILE`, or choose another metadata.name",
  },
  CRON_INSTANT: {
    retry: "never",
    message: (d: { namespace: string; name: string; instant: string; reason: string }) =>
      `'${d.instant}' ${d.reason} of cron workflow '${d.namespace}/${d.name}'`,
    hint: "`sluice cron backfill NAME --start … --end … --dry-run` lists the instants there are",
  },
  CRON_STATE_INVALID: {
    retry: "bug",
    message: (d: { key: string }) => `the state '${d.key}' in the bucket 'schedules' cannot be read`,
    hint: "it is damaged or of a newer version; the cron workflow stands still until it is removed",
  },
  LIMIT: {
    retry: "never",
    message: (d: { what: string; max: number }) => `${d.what} is more than ${d.max}`,
    hint: "split the workflow, or raise the engine's limit in its configuration",
  },
});
