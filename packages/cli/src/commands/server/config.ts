import { type Config, type Setting, secretSettings, variableOf } from "../../config/config.ts";
import { readConfig } from "../../config/load.ts";
import type { CliContext } from "../../context.ts";
import { renderTable } from "../../render/table.ts";

/** Prints each setting with its value and origin; secrets are masked. */
export async function printConfig(
  context: CliContext,
  _args: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { config, origins } = await readConfig(context, options);
  const rows = (Object.keys(origins) as Setting[]).map((setting) => ({
    setting,
    value: shown(config, setting),
    origin: origins[setting],
    variable: variableOf(setting),
  }));
  if (context.json) context.out(JSON.stringify(rows, null, 2));
  else
    context.out(
      renderTable(
        ["SETTING", "VALUE", "FROM", "VARIABLE"],
        rows.map((row) => [row.setting, row.value, row.origin, context.palette.dim(row.variable)]),
      ),
    );
}

function shown(config: Config, setting: Setting): string {
  const value = config[setting];
  if (value === undefined) return "-";
  if (secretSettings.has(setting)) return String(value).startsWith("file:") ? String(value) : "********";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
