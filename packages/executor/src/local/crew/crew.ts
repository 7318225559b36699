// The containers of a step that has several, as a graph: who begins after whose good end. Pure.
import { isObject, parseGoDuration } from "@sluice/base";
import type { StepRequest } from "@sluice/engine";
import type { Container, Script, UserContainer } from "@sluice/spec";
import { LocalError } from "../../errors.ts";

export interface Member {
  readonly name: string;
  /**
   * `main` is the step; `init` comes before it; `side` runs beside it and is ended with it; the members of a `set` are
   * equals, of which one may be called main.
   */
  readonly role: "main" | "init" | "side" | "set";
  readonly container: Container | Script;
  /** Places in the list of those that must have ended well before it begins. */
  readonly after: readonly number[];
}

export interface Crew {
  readonly members: readonly Member[];
  /** Of a set: how often a container that failed is begun again, and after how long. */
  readonly retries: number;
  readonly pauseMs: number;
}

/** More would not be one step any more. */
const maxMembers = 64;

/** The crew of a step, or undefined for one of a single container. Errors: LOCAL_FIELD_UNSUPPORTED. */
export function crewOf(step: StepRequest): Crew | undefined {
  const { work } = step;
  if (work.kind === "containerSet") return setCrew(work.containerSet);
  if (work.kind !== "container" && work.kind !== "script") return undefined;
  const main = work.kind === "script" ? work.script : work.container;
  const inits = podContainers(step, "initContainers");
  const sides = podContainers(step, "sidecars");
  return inits.length + sides.length === 0 ? undefined : podCrew(main, inits, sides);
}

function podContainers(step: StepRequest, field: "initContainers" | "sidecars"): readonly UserContainer[] {
  const given = step.pod[field];
  return Array.isArray(given) ? given.filter(isObject).map((container) => container as UserContainer) : [];
}

function podCrew(
  main: Container | Script,
  inits: readonly UserContainer[],
  sides: readonly UserContainer[],
): Crew {
  const members: Member[] = [];
  let last: readonly number[] = [];
  for (const init of inits) {
    // As Kubernetes has it: an init container that is restarted always stays, and nobody waits for its end.
    const stays = init.restartPolicy === "Always";
    members.push(memberOf(init, { role: stays ? "side" : "init", after: last, main }));
    if (!stays) last = [members.length - 1];
  }
  for (const side of sides) members.push(memberOf(side, { role: "side", after: last, main }));
  members.push({ name: "main", role: "main", container: main, after: last });
  return checked({ members, retries: 0, pauseMs: 0 });
}

function memberOf(
  { mirrorVolumeMounts, ...container }: UserContainer,
  { main, ...place }: Pick<Member, "role" | "after"> & { readonly main: Container | Script },
): Member {
  const mounts = [...(container.volumeMounts ?? []), ...((mirrorVolumeMounts && main.volumeMounts) || [])];
  return { ...place, name: container.name ?? "", container: { ...container, volumeMounts: mounts } };
}

type ContainerSet = Extract<StepRequest["work"], { kind: "containerSet" }>["containerSet"];

function setCrew({ containers, volumeMounts = [], retryStrategy }: ContainerSet): Crew {
  const places = new Map(containers.map(({ name }, index) => [name, index]));
  const members = containers.map(({ dependencies = [], ...container }): Member => {
    const after = dependencies.map((name) => {
      const place = places.get(name);
      if (place === undefined) throw refused(`containers.${container.name} dependency '${name}' not defined`);
      return place;
    });
    const mounts = [...(container.volumeMounts ?? []), ...volumeMounts];
    return { name: container.name, role: "set", container: { ...container, volumeMounts: mounts }, after };
  });
  return checked({ members, ...retriesOf(retryStrategy) });
}

function retriesOf(strategy: ContainerSet["retryStrategy"]): Pick<Crew, "retries" | "pauseMs"> {
  if (strategy === undefined) return { retries: 0, pauseMs: 0 };
  const retries = Number(strategy.retries);
  const pauseMs = strategy.duration === undefined ? 0 : parseGoDuration(strategy.duration);
  if (!Number.isSafeInteger(retries) || retries < 0 || retries > 1_000)
    throw refused(`retryStrategy.retries '${strategy.retries}' must be 0 to 1000`);
  if (pauseMs === undefined || pauseMs < 0)
    throw refused(`retryStrategy.duration '${strategy.duration}' is not a duration such as 5s`);
  return { retries, pauseMs };
}

function checked(crew: Crew): Crew {
  const names = new Set<string>();
  for (const { name } of crew.members) {
    if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) throw refused(`'${name}' is no container name`);
    if (names.has(name)) throw refused(`two containers are called '${name}'`);
    names.add(name);
  }
  if (crew.members.length > maxMembers) throw refused(`a step has at most ${maxMembers} containers`);
  // Whoever can begin, begins; who is left waits for itself.
  const begun = new Set<number>();
  for (let before = -1; before < begun.size; ) {
    before = begun.size;
    for (const [index, { after }] of crew.members.entries())
      if (after.every((on) => begun.has(on))) begun.add(index);
  }
  const stuck = crew.members.find((_, index) => !begun.has(index));
  if (stuck !== undefined) throw refused(`container '${stuck.name}' depends on itself`);
  return crew;
}

const refused = (reason: string) => LocalError.FIELD_UNSUPPORTED({ field: "containers", reason });
