import { defineErrors } from "@sluice/base";

export const CliError = defineErrors("CLI", {
  SERVER_UNREACHABLE: {
    retry: "later",
    message: (d: { url: string; reason: string }) => `no Sluice server answers at ${d.url} (${d.reason})`,
    hint: "start one with `sluice up`, or name another with --server URL or SLUICE_SERVER",
  },
  SERVER_ANSWER: {
    retry: "later",
    message: (d: { url: string; status: number; body: string }) =>
      `${d.url} answered ${d.status} with something that is not Sluice's: ${d.body}`,
    hint: "is another program listening on this port? `sluice doctor` says what is there",
  },
  USAGE: {
    retry: "never",
    message: (d: { problem: string }) => d.problem,
    hint: "see `sluice --help`, or `sluice COMMAND --help`",
  },
  FILE_UNREADABLE: {
    retry: "never",
    message: (d: { file: string; reason: string }) => `cannot read '${d.file}': ${d.reason}`,
    hint: "name a YAML or JSON file, a folder of them, or - for standard input",
  },
  NOTHING_FOUND: {
    retry: "never",
    message: (d: { wanted: string; where: string }) => `no ${d.wanted} found in ${d.where}`,
    hint: (d) =>
      d.wanted === "workflow"
        ? "submit one with `sluice submit FILE`, or look elsewhere with -n NAMESPACE"
        : "check the path, and that the documents have `apiVersion` and `kind`",
  },
  CONFIG: {
    retry: "never",
    message: (d: { setting: string; origin: string; problem: string }) =>
      `setting '${d.setting}' (from ${d.origin}): ${d.problem}`,
    hint: "`sluice config print` shows every setting, its value and where it comes from",
  },
  WORKFLOW_FAILED: {
    retry: "never",
    message: (d: { name: string; phase: string; reason: string }) =>
      `workflow '${d.name}' ended as ${d.phase}${d.reason === "" ? "" : `: ${d.reason}`}`,
    hint: (d) =>
      `see which step it was with \`sluice get ${d.name}\`, and what it printed with \`sluice logs ${d.name}\``,
  },
  SOME_FAILED: {
    retry: "never",
    message: (d: { failed: number; of: number }) => `${d.failed} of ${d.of} were refused`,
    hint: "each is named above with its reason; the others are done",
  },
  PORT_IN_USE: {
    retry: "later",
    message: (d: { port: number; host: string }) => `port ${d.port} on ${d.host} is taken by another program`,
    hint: "choose another with --port, or stop that program (`ss -ltnp` names it)",
  },
  KUBERNETES_UNAVAILABLE: {
    retry: "later",
    message: (d: { reason: string }) =>
      `executor 'kubernetes' was asked for, but no cluster can be used: ${d.reason}`,
    hint: "check KUBECONFIG with `kubectl get nodes`, or run with --executor local",
  },
  SIMULATION_FAILED: {
    retry: "never",
    message: (d: { phase: string; reason: string }) =>
      `it would end as ${d.phase}${d.reason === "" ? "" : `: ${d.reason}`}`,
    hint: "the tree above shows where; --result NAME=TEXT gives a step its output",
  },
  TESTS_FAILED: {
    retry: "never",
    message: (d: { failed: number; count: number }) => `${d.failed} of ${d.count} tests failed`,
    hint: "each is listed above with what was expected; `sluice simulate FILE` shows the whole tree of a run",
  },
  FILE_UNWRITABLE: {
    retry: "never",
    message: (d: { file: string; reason: string }) => `cannot write '${d.file}': ${d.reason}`,
    hint: "name a file in a folder that is there and that this user may write to",
  },
  BACKFILL_FAILED: {
    retry: "never",
    message: (d: { count: number; of: number }) => `${d.count} of ${d.of} runs failed`,
    hint: "see one with `sluice get NAME`; run them again with --again and a new --name",
  },
  LINT_FAILED: {
    retry: "never",
    message: (d: { count: number }) => `${d.count} linting errors found!`,
    hint: "each is listed above with its place",
  },
  NOTHING_TO_LINT: {
    retry: "never",
    message: (d: { where: string }) =>
      `found nothing to lint in the specified paths, failing... (${d.where})`,
    hint: "name files or folders with manifests that have `apiVersion` and `kind`",
  },
  INVALID_MANIFESTS: {
    retry: "never",
    message: (d: { count: number }) =>
      `${d.count} ${d.count === 1 ? "problem" : "problems"} in the manifests`,
    hint: "each is listed above with its place",
  },
});
