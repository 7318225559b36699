import { readFile } from "node:fs/promises";
import { isObject, messageOf } from "@sluice/base";
import type { CliContext } from "../context.ts";
import { CliError } from "../errors.ts";
import { type LoadedConfig, loadConfig } from "./config.ts";

/** Reads the settings file (when named) and puts all sources together. Errors: CLI_CONFIG, CLI_FILE_UNREADABLE. */
export async function readConfig(
  context: CliContext,
  flags: Readonly<Record<string, unknown>>,
): Promise<LoadedConfig> {
  const name = flags["config"] ?? context.env["SLUICE_CONFIG"];
  const { config: _, ...settings } = flags;
  if (typeof name !== "string") return loadConfig({ flags: settings, env: context.env });
  return loadConfig({ flags: settings, env: context.env, file: { name, values: await readSettings(name) } });
}

async function readSettings(name: string): Promise<Readonly<Record<string, unknown>>> {
  let text: string;
  try {
    text = await readFile(name, "utf8");
  } catch (error) {
    throw CliError.FILE_UNREADABLE({ file: name, reason: messageOf(error) }, error);
  }
  const { fromYaml } = await import("@sluice/spec");
  const values: unknown = fromYaml(text, name) ?? {};
  if (!isObject(values))
    throw CliError.CONFIG({ setting: "", origin: name, problem: "the file must hold a map of settings" });
  return values;
}

/** A secret's value: itself, or the content of the file that `file:PATH` names. */
export async function readSecret(value: string | undefined): Promise<string | undefined> {
  if (value?.startsWith("file:") !== true) return value;
  const path = value.slice("file:".length);
  try {
    return (await readFile(path, "utf8")).trimEnd();
  } catch (error) {
    throw CliError.FILE_UNREADABLE({ file: path, reason: messageOf(error) }, error);
  }
}
