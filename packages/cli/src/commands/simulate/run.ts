import { parseSecondsOrDuration, SeededRandom } from "@sluice/base";
import { type CommandFact, type Simulated, simulate } from "@sluice/engine";
import type { Mock, TestCommand } from "@sluice/spec";
import { CliError } from "../../errors.ts";
import { configMapsOf, definitionsOf, limitsOf } from "./definitions.ts";
import { type Loaded, withArguments } from "./load.ts";
import { Mocks } from "./mocks.ts";

export interface SimulationInput {
  readonly loaded: Loaded;
  readonly arguments: Readonly<Record<string, string>>;
  readonly mocks: readonly Mock[];
  readonly commands: readonly TestCommand[];
  /** Epoch ms of the submission. */
  readonly at: number;
}

/** One simulated run. The same input gives the same run: chance, too, has a fixed seed. Errors: CLI_USAGE. */
export async function runSimulation(input: SimulationInput): Promise<{
  readonly simulated: Simulated;
  readonly mocks: Mocks;
}> {
  const mocks = new Mocks(input.mocks);
  const { others } = input.loaded;
  const simulated = await simulate(withArguments(input.loaded.workflow, input.arguments), {
    at: input.at,
    random: new SeededRandom(1),
    answer: (step) => mocks.answer(step),
    person: (node) => mocks.person(node),
    definitions: definitionsOf(others),
    configMaps: configMapsOf(others),
    limits: limitsOf(others),
    commands: input.commands.map((command) => factOf(command, input.at)),
  });
  return { simulated, mocks };
}

function factOf(command: TestCommand, startAt: number): CommandFact {
  const afterMs = parseSecondsOrDuration(command.at);
  if (afterMs === undefined)
    throw CliError.USAGE({
      problem: `command at '${command.at}': neither seconds nor a duration such as 30s`,
    });
  const head = { at: startAt + afterMs, by: "test" };
  const selector = command.nodeFieldSelector === undefined ? {} : { selector: command.nodeFieldSelector };
  switch (command.do) {
    case "stop":
      return { type: "stop", strategy: "Stop", ...head, ...selector };
    case "terminate":
      return { type: "stop", strategy: "Terminate", ...head };
    case "suspend":
      return { type: "suspend", ...head };
    case "resume":
      return { type: "resume", ...head, ...selector };
  }
}
