// `npm run conformance`: runs the public examples as they are, with real processes on a real server, and says what each
// group gave. `--only TEXT` takes those whose name has it, `--group a` one group, `--json` one line a case, `--executor
// kubernetes` runs steps as pods of the cluster.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { hasErrors, lintManifests, loadManifests } from "@sluice/spec";
import { SluiceProcess } from "../../e2e/sluice-process.ts";
import { Api } from "./api.ts";
import { type Case, cases, corpus, corpusIsThere } from "./cases.ts";
import { Cluster } from "./cluster.ts";
import { applyCompanions } from "./companions.ts";
import { expectations } from "./expectations/table.ts";
import { type Outcome, type Ran, reasonOf, runCase } from "./run-case.ts";
import { table } from "./table.ts";
import { Web } from "./web.ts";

const { values: flags } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    group: { type: "string" },
    json: { type: "boolean", default: false },
    parallel: { type: "string", default: "8" },
    executor: { type: "string", default: "local" },
  },
});

/** Servers of images that stand in `programs/` come first, and the node that runs them: they are the same everywhere. */
const path = [
  join(import.meta.dirname, "programs"),
  dirname(process.execPath),
  process.env["PATH"] ?? "",
].join(":");
const isHere = (program: string): boolean => path.split(":").some((dir) => existsSync(join(dir, program)));

const turns = new Map<string, Promise<void>>();

/** Examples with one server come one after the other: without networks of their own, daemons share this machine's ports. */
async function inTurn(one: Case, run: () => Promise<void>): Promise<void> {
  const program = programOf[one.name];
  if (program === undefined) return run();
  const turn = (turns.get(program) ?? Promise.resolve()).then(run);
  turns.set(program, turn);
  return turn;
}

const isWanted = ({ name, group }: Case): boolean =>
  (flags.group === undefined || flags.group === group) &&
  (flags.only === undefined || flags.only.some((text) => name.includes(text)));

const onPods = flags.executor === "kubernetes";

/** What lint says of a document for the executor; undefined when it may run. */
function refusal({ document, name }: Case): string | undefined {
  const { manifests, issues } = loadManifests(JSON.stringify(document), { file: name });
  const found = [...issues, ...lintManifests(manifests, { executor: onPods ? "kubernetes" : "local" })];
  if (!hasErrors(found)) return undefined;
  return found
    .filter(({ severity }) => severity === "error")
    .map(({ path, message }) => `${path}: ${message}`)
    .slice(0, 3)
    .join("; ");
}

/** The program of its image that an example needs, beside a shell and its usual words. */
const programOf: Readonly<Record<string, string>> = {
  "sidecar-dind.yaml": "dockerd",
  "daemon-nginx.yaml": "nginx",
  "daemon-step.yaml": "influxd",
  "dag-daemon-task.yaml": "influxd",
  "dag-daemon-retry-strategy.yaml": "nginx",
  "steps-daemon-retry-strategy.yaml": "nginx",
  "variables-showcase.yaml": "nc",
};

/** What no program of the same name makes up for. */
const needsImage: Readonly<Record<string, string>> = {
  "sidecar-nginx.yaml": "its text is BusyBox' shell, which writes to a file with `>&`",
  "sidecar.yaml": "it installs what it needs with apk",
};

/** A reason in the machine, not in the product, for which an example is left out. */
function missing(name: string): string | undefined {
  if (Object.hasOwn(needsImage, name)) return needsImage[name];
  const program = programOf[name];
  if (program === undefined || isHere(program)) return undefined;
  return `this machine has no ${program}`;
}

/** What means something else here on purpose; docs/compatibility.md says so. */
const otherwise: Readonly<Record<string, string>> = Object.fromEntries(
  ["k8s-patch-json-pod.yaml", "k8s-patch-merge-pod.yaml", "k8s-patch-pod.yaml"].map((name) => [
    name,
    "it patches the pod of its own step, and a resource step has none",
  ]),
);

interface Ground {
  readonly api: Api;
  readonly web: Web;
  readonly cluster: Cluster | undefined;
  readonly refused: ReadonlyMap<string, string>;
}

async function outcomeOf({ api, web, cluster, refused }: Ground, one: Case): Promise<Outcome> {
  if (one.document.kind !== "Workflow") return applied(api, one, refused);
  if (one.group === "d") return { kind: "not-run", reason: "needs a service outside" };
  const isChecked = one.group !== "a" || onPods;
  const why =
    (onPods ? undefined : missing(one.name)) ??
    otherwise[one.name] ??
    (isChecked ? refusal(one) : undefined) ??
    (await cluster?.missing(one, onPods));
  if (why !== undefined) return { kind: "not-run", reason: why };
  return runCase(api, web, one);
}

/** Definitions are accepted when they are applied; other kinds of Kubernetes are not ours. */
async function applied(api: Api, one: Case, refused: ReadonlyMap<string, string>): Promise<Outcome> {
  const { kind } = one.document;
  if (kind === "PersistentVolumeClaim" || kind === "ResourceQuota")
    return { kind: "not-run", reason: `a ${kind} is the cluster's` };
  const reason = refused.get(one.name) ?? (await api.apply(one.document).then(() => undefined, reasonOf));
  return reason === undefined
    ? { kind: "passed", seconds: 0 }
    : { kind: "failed", reasons: [`it was not accepted: ${reason}`], seconds: 0 };
}

/** The slow ones first, so that they do not stand alone at the end. */
const slowFirst = (a: Case, b: Case): number =>
  (expectations[b.name]?.withinSeconds ?? 0) - (expectations[a.name]?.withinSeconds ?? 0);

async function inParallel(todo: Case[], run: (one: Case) => Promise<void>): Promise<void> {
  const workers = Array.from({ length: Number(flags.parallel) }, async () => {
    for (let one = todo.shift(); one !== undefined; one = todo.shift()) await run(one);
  });
  await Promise.all(workers);
}

async function main(): Promise<number> {
  if (!corpusIsThere()) {
    console.log(`no corpus at ${corpus}: set SLUICE_CORPUS to a folder that has expected.tsv`);
    return 2;
  }
  await using cluster = await Cluster.find();
  if (onPods && cluster === undefined) {
    console.log("no cluster answers: set KUBECONFIG, or start one by test/kube/cluster.sh up");
    return 2;
  }
  const place = onPods
    ? ["--image-pull-policy", "IfNotPresent", "--step-namespaces", cluster?.namespace ?? ""]
    : [];
  const named = cluster === undefined ? [] : ["--kubeconfig", cluster.kubeconfig];
  await using sluice = await SluiceProcess.start({
    env: { PATH: path },
    args: ["--executor", flags.executor, ...named, ...place],
  });
  await using web = await Web.listen();
  const api = new Api(sluice, cluster?.namespace);
  const all = cases();
  const notTaken = await applyCompanions(api, all, onPods ? cluster : undefined);
  const refused = new Map(notTaken.map(({ name, reason }) => [name, reason]));
  const wanted = all.filter(isWanted);
  const ran: Ran[] = [];
  const runOne = async (one: Case): Promise<void> => {
    const outcome = await outcomeOf({ api, web, cluster, refused }, one);
    ran.push({ case: one, outcome });
    if (flags.json) console.log(JSON.stringify({ name: one.name, group: one.group, ...outcome }));
    else if (outcome.kind !== "not-run")
      console.log(
        `${String(ran.length).padStart(4)}/${wanted.length}  ${outcome.kind.padEnd(7)} ${one.name}  ${outcome.seconds} s`,
      );
  };
  await inParallel(wanted.toSorted(slowFirst), (one) => inTurn(one, () => runOne(one)));
  const order = new Map(wanted.map((one, i) => [one, i]));
  ran.sort((a, b) => (order.get(a.case) ?? 0) - (order.get(b.case) ?? 0));
  if (!flags.json) console.log(`\n${table(ran)}`);
  return ran.some(({ case: one, outcome }) => one.group === "a" && outcome.kind !== "passed") ? 1 : 0;
}

process.exitCode = await main();
