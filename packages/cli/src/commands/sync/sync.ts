// Limits of semaphores: sync create|get|update|delete.
import type { CliContext } from "../../context.ts";
import { CliError } from "../../errors.ts";
import { oneLine } from "../../render/text.ts";
import { integerOf } from "../output.ts";

interface Limit {
  readonly type: string;
  readonly namespace: string;
  readonly cmName?: string;
  readonly key: string;
  readonly limit: number;
}

export interface SyncOptions {
  readonly type: string;
  readonly cmName?: string;
  readonly limit?: string;
}

/** Does the verb on the limit of one key. Errors: CLI_USAGE, those of the API. */
export const limit =
  (verb: "create" | "get" | "update" | "delete") =>
  async (context: CliContext, [key = ""]: readonly string[], options: SyncOptions): Promise<void> => {
    const place = placeOf(options);
    const base = `/api/v1/sync/${encodeURIComponent(context.namespace)}`;
    const one = `${base}/${encodeURIComponent(key)}`;
    const { client } = context;
    switch (verb) {
      case "create":
        print(
          context,
          "created",
          await client.request<Limit>("POST", base, { body: { ...place, key, limit: limitOf(options) } }),
        );
        return;
      case "update":
        print(
          context,
          "updated",
          await client.request<Limit>("PUT", one, { body: { ...place, limit: limitOf(options) } }),
        );
        return;
      case "get":
        print(context, undefined, await client.request<Limit>("GET", one, { query: place }));
        return;
      case "delete":
        await client.request("DELETE", one, { query: place });
        if (context.json) context.out("{}");
        else context.out(`limit ${oneLine(key, 253)} deleted`);
        return;
    }
  };

function placeOf({ type, cmName }: SyncOptions): Record<string, string> {
  if (type === "database") return { type: "DATABASE" };
  if (cmName === undefined) throw CliError.USAGE({ problem: "--type configmap needs --cm-name" });
  return { type: "CONFIGMAP", cmName };
}

const limitOf = ({ limit: text = "" }: SyncOptions): number =>
  integerOf("--limit", text, { min: 1, max: 1_000_000 });

function print(context: CliContext, done: string | undefined, made: Limit): void {
  if (context.json) {
    context.out(JSON.stringify(made, null, 2));
    return;
  }
  const place = made.cmName === undefined ? "Database" : `ConfigMap/${made.cmName}`;
  const name = oneLine(`${made.namespace}/${place}/${made.key}`, 600);
  context.out(`${name} ${done === undefined ? "has" : `${done} with`} limit ${made.limit}`);
}
