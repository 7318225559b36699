// Looks up what a run's spec names outside of it, and what that names in turn: the one `definitions` fact of the run.
import type { RunSubmitted, Template, WorkflowSpec } from "@sluice/spec";
import { EngineError } from "../errors.ts";
import type { DefinitionsFixed } from "../facts.ts";
import { createRun } from "../run/create.ts";
import { nameIn, takeDefinitions } from "../run/definitions.ts";
import type { Run } from "../run/state/run.ts";
import { globalsOf } from "../values/globals.ts";
import { Scope } from "../values/scope.ts";
import { type KnownConfigMap, knownWith, renderConfigKey } from "./config-maps.ts";
import { localScope, scopeOf } from "./library.ts";
import type { ConfigMapContent, Definitions } from "./port.ts";
import { type ConfigMapRef, type Reach, reachOf } from "./reach.ts";

/** Most resources that one run may draw on. */
const maxResources = 500;

/**
 * The run's definitions as they are now. Only templates that are used are in it, so that a large library costs a run
 * what it takes from it. Errors: those of the port; ENGINE_LIMIT.
 */
export async function collectDefinitions(
  definitions: Definitions,
  submitted: RunSubmitted,
  at: number,
): Promise<DefinitionsFixed> {
  const collected = new Collected(definitions, submitted, at);
  await collected.base();
  // A template may name further resources: each round looks up those that the one before has shown.
  while (await collected.round());
  return collected.fact();
}

class Collected {
  readonly #port: Definitions;
  readonly #submitted: RunSubmitted;
  readonly #at: number;
  #base: WorkflowSpec | undefined;
  /** Every resource that was asked for, with all of its templates, and what an earlier run took from others. */
  readonly #resources: Map<string, readonly Template[]>;
  readonly #asked = new Set<string>();
  readonly #configMaps = new Map<string, ConfigMapContent | undefined>();

  constructor(port: Definitions, submitted: RunSubmitted, at: number) {
    this.#port = port;
    this.#submitted = submitted;
    this.#at = at;
    this.#resources = new Map(Object.entries(submitted.reuse?.stored?.templates ?? {}));
  }

  async base(): Promise<void> {
    const ref = this.#submitted.workflow.spec.workflowTemplateRef;
    this.#base = this.#submitted.reuse?.stored?.base;
    if (ref !== undefined) this.#base ??= await this.#port.template(this.#place(ref.name, ref.clusterScope));
  }

  /** Looks up what is named and not yet known; false when there is nothing of that kind. */
  async round(): Promise<boolean> {
    const { run, reach } = this.#seen();
    const scopes = new Map(reach.unknown.map(({ ref }) => [scopeOf(ref), ref]));
    const names = this.#configMapKeys(run, reach).map(({ name }) => name);
    let asked = false;
    for (const [scope, ref] of scopes) {
      if (this.#asked.has(scope)) continue;
      this.#asked.add(scope);
      asked = true;
      const spec = await this.#port.template(this.#place(ref.name ?? "", ref.clusterScope));
      const frozen = this.#resources.get(scope) ?? [];
      const names = new Set(frozen.map(({ name }) => name));
      const others = (spec?.templates ?? []).filter(({ name }) => !names.has(name));
      const labelled = others.map((template) => withPodMetadata(template, spec?.podMetadata));
      this.#resources.set(scope, [...frozen, ...labelled]);
      this.#bound();
    }
    for (const name of names) {
      if (this.#configMaps.has(name)) continue;
      asked = true;
      this.#configMaps.set(name, await this.#port.configMap(this.#submitted.namespace, name));
      this.#bound();
    }
    return asked;
  }

  fact(): DefinitionsFixed {
    const { run, reach } = this.#seen();
    const used = new Set(reach.templates.map(({ template }) => template));
    const templates: Record<string, readonly Template[]> = {};
    for (const [scope, all] of this.#resources) {
      const kept = all.filter((template) => used.has(template));
      if (kept.length > 0) templates[scope] = kept;
    }
    const configMaps = Object.fromEntries(
      [...this.#configMaps].map(([name, content]) => [name, this.#known(run, reach, name, content)]),
    );
    return {
      type: "definitions",
      at: this.#at,
      ...(this.#base === undefined ? {} : { base: this.#usedOfBase(reach, this.#base) }),
      ...(Object.keys(templates).length === 0 ? {} : { templates }),
      ...(this.#configMaps.size === 0 ? {} : { configMaps }),
    };
  }

  #place(name: string, clusterScope: boolean | undefined) {
    return { namespace: clusterScope === true ? undefined : this.#submitted.namespace, name };
  }

  #bound(): void {
    if (this.#resources.size + this.#configMaps.size > maxResources)
      throw EngineError.LIMIT({
        what: "the number of templates and ConfigMaps that the workflow refers to",
        max: maxResources,
      });
  }

  /** The run as it would be with what is known so far: names with tags need its parameters. */
  #seen(): { readonly run: Run; readonly reach: Reach } {
    const run = createRun(this.#submitted);
    takeDefinitions(run, {
      type: "definitions",
      at: this.#at,
      ...(this.#base === undefined ? {} : { base: this.#base }),
      templates: Object.fromEntries(this.#resources),
      configMaps: Object.fromEntries(
        [...this.#configMaps].map(([name, content]) => [name, knownWith(content, () => true)]),
      ),
    });
    return { run, reach: reachOf(run.spec, run.library, nameIn(run)) };
  }

  #configMapKeys(run: Run, reach: Reach): readonly Key[] {
    const scope = new Scope(run.now, globalsOf(run));
    const own = (run.spec.arguments?.parameters ?? []).flatMap((p) => p.valueFrom?.configMapKeyRef ?? []);
    return [...own, ...reach.configMaps].flatMap((ref) => keyOf(ref, scope) ?? []);
  }

  #known(run: Run, reach: Reach, name: string, content: ConfigMapContent | undefined): KnownConfigMap {
    const keys = this.#configMapKeys(run, reach).filter((key) => key.name === name);
    const all = keys.some(({ key }) => key === undefined);
    const wanted = new Set(keys.map(({ key }) => key));
    return knownWith(content, (key) => all || wanted.has(key));
  }

  /** The merged spec decides what is used: the workflow may name another entrypoint. */
  #usedOfBase(reach: Reach, base: WorkflowSpec): WorkflowSpec {
    if (base.templates === undefined) return base;
    const names = new Set(
      reach.templates.filter(({ scope }) => scope === localScope).map(({ template }) => template.name),
    );
    return { ...base, templates: base.templates.filter((template) => names.has(template.name)) };
  }
}

/** A template's pods have the labels and annotations of the resource that it is from, under its own. */
function withPodMetadata(template: Template, metadata: WorkflowSpec["podMetadata"]): Template {
  if (metadata === undefined) return template;
  const { labels, annotations } = template.metadata ?? {};
  return {
    ...template,
    metadata: {
      labels: { ...metadata.labels, ...labels },
      annotations: { ...metadata.annotations, ...annotations },
    },
  };
}

interface Key {
  readonly name: string;
  /** Undefined when it is known only later, by the step that uses it: then every key may be meant. */
  readonly key: string | undefined;
}

/** Undefined for a name that cannot be known before the step: it is read when the step needs it. */
function keyOf(ref: ConfigMapRef, scope: Scope): Key | undefined {
  const name = rendered({ ...ref, key: "" }, scope)?.name;
  if (name === undefined) return undefined;
  return { name, key: rendered({ name: "", key: ref.key }, scope)?.key };
}

function rendered(ref: ConfigMapRef, scope: Scope): { name: string; key: string } | undefined {
  try {
    const key = renderConfigKey(ref, scope);
    return `${key.name}${key.key}`.includes("{{") ? undefined : key;
  } catch {
    return undefined;
  }
}
