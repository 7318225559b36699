import { Option } from "commander";
import type { CliContext } from "../context.ts";

export type Handler = (context: CliContext, args: readonly string[], options: never) => Promise<void>;

/** What a command does, loaded only when it is called. */
export type Call = (load: () => Promise<Handler>) => (...all: unknown[]) => Promise<void>;

export const output = (): Option =>
  new Option("-o, --output <format>", "how to print it").choices(["json", "yaml", "wide", "name"]);

/** For options that may be given more than once. */
export const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];
