import { parseSecondsOrDuration } from "@sluice/base";
import type { Node, SimulatedAnswer, SimulatedEnd, SimulatedStepRequest } from "@sluice/engine";
import type { Mock } from "@sluice/spec";
import { CliError } from "../../errors.ts";
import { matcherOf } from "./pattern.ts";

interface Named {
  readonly displayName: string;
  readonly name: string;
  readonly template: string;
  readonly attempt: number;
}

interface CompiledMock {
  readonly matches: (step: Named) => boolean;
  readonly mock: Mock;
  readonly durationMs: number;
  readonly readyMs: number | undefined;
  /** Steps that it has answered. */
  used: number;
  isHit: boolean;
}

/** What steps and people answer, by the first mock that matches. */
export class Mocks {
  readonly #mocks: readonly CompiledMock[];
  /** Nodes that no mock matched: what a person may want to know of a simulation. */
  readonly unmatched = new Set<string>();

  /** Errors: CLI_USAGE for a duration that is none. */
  constructor(mocks: readonly Mock[]) {
    this.#mocks = mocks.map(compile);
  }

  answer(step: SimulatedStepRequest): SimulatedEnd {
    const { node } = step;
    const found = this.#find({
      displayName: displayNameOf(node.name),
      name: node.name,
      template: node.template,
      attempt: node.attempt,
    });
    if (found === undefined) return {};
    const { mock, durationMs, readyMs } = found;
    const result = mock.results?.[Math.min(found.used, mock.results.length - 1)] ?? mock.result;
    found.used += 1;
    return {
      durationMs,
      ...(mock.exitCode === undefined ? {} : { exitCode: mock.exitCode }),
      ...(result === undefined ? {} : { result }),
      ...(mock.outputs === undefined ? {} : { outputs: mock.outputs }),
      ...(mock.error === undefined ? {} : { error: mock.error }),
      ...(mock.message === undefined ? {} : { message: mock.message }),
      ...(mock.forever === undefined ? {} : { forever: mock.forever }),
      ...(readyMs === undefined ? {} : { readyMs }),
    };
  }

  person(node: Node): SimulatedAnswer | undefined {
    const { displayName, name, templateName } = node;
    const found = this.#find({ displayName, name, template: templateName, attempt: 0 });
    if (found === undefined || found.mock.forever === true) return undefined;
    return { afterMs: found.durationMs, outputs: found.mock.outputs ?? {} };
  }

  /** Which of these were asked for and matched nothing: a name that is written wrong, or a step that was never there. */
  idle(mocks: readonly Mock[]): readonly Mock[] {
    return mocks.filter((mock) => this.#mocks.find((one) => one.mock === mock)?.isHit === false);
  }

  #find(step: Named): CompiledMock | undefined {
    const found = this.#mocks.find(({ matches }) => matches(step));
    if (found === undefined) this.unmatched.add(step.displayName);
    else found.isHit = true;
    return found;
  }
}

function compile(mock: Mock): CompiledMock {
  const durationMs = millisecondsOf(mock.duration) ?? 1_000;
  const readyMs = millisecondsOf(mock.ready);
  const template = mock.template === undefined ? undefined : matcherOf(mock.template);
  const node = mock.node === undefined ? undefined : matcherOf(mock.node);
  return {
    mock,
    durationMs,
    readyMs,
    used: 0,
    isHit: false,
    matches: (step) =>
      (template === undefined || template(step.template)) &&
      (node === undefined || node(step.displayName) || node(step.name)) &&
      (mock.attempt === undefined || mock.attempt === step.attempt),
  };
}

function millisecondsOf(duration: string | undefined): number | undefined {
  if (duration === undefined) return undefined;
  const ms = parseSecondsOrDuration(duration);
  if (ms === undefined)
    throw CliError.USAGE({ problem: `mock: '${duration}' is neither seconds nor a duration such as 30s` });
  return ms;
}

/** The last part of a node's name: `wf[0].say(1:x)` is `say(1:x)`. Dots inside parentheses belong to an item. */
function displayNameOf(name: string): string {
  const open = name.indexOf("(", lastStep(name));
  const head = open < 0 ? name : name.slice(0, open);
  return name.slice(head.lastIndexOf(".") + 1);
}

/** Where the last name begins that is not inside an item's parentheses. */
function lastStep(name: string): number {
  let depth = 0;
  for (let i = name.length - 1; i >= 0; i--) {
    if (name[i] === ")") depth += 1;
    else if (name[i] === "(") depth -= 1;
    else if (name[i] === "." && depth === 0) return i + 1;
  }
  return 0;
}
