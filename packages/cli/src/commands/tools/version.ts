import { isAppError } from "@sluice/base";
import type { CliContext } from "../../context.ts";
import { version as own } from "../../version.ts";

/** This program's version, and the server's when one answers. */
export async function version(
  context: CliContext,
  _args: readonly string[],
  { short }: { readonly short?: boolean },
): Promise<void> {
  if (short === true) return context.out(context.json ? JSON.stringify({ client: own }) : own);
  const server = await serverVersion(context);
  if (context.json)
    return context.out(JSON.stringify({ client: own, ...(server === undefined ? {} : { server }) }));
  context.out(`sluice: ${own}`);
  if (server === undefined) context.note(`no server answers at ${context.client.url}`);
  else context.out(`server: ${server} (${context.client.url})`);
}

async function serverVersion(context: CliContext): Promise<string | undefined> {
  try {
    const { version: found } = await context.client.request<{ readonly version?: string }>(
      "GET",
      "/api/v1/version",
    );
    return found;
  } catch (error) {
    if (isAppError(error) && error.code === "CLI_SERVER_UNREACHABLE") return undefined;
    throw error;
  }
}
