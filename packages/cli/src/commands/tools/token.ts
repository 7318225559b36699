import type { CliContext } from "../../context.ts";
import { CliError } from "../../errors.ts";

/** Prints the header's value that the server takes. Errors: CLI_USAGE when there is no token. */
export async function authToken(context: CliContext): Promise<void> {
  const { token } = context;
  if (token === undefined)
    throw CliError.USAGE({
      problem: "no token is set: the server of this machine needs none (or SLUICE_TOKEN)",
    });
  context.out(context.json ? JSON.stringify({ token }) : `Bearer ${token}`);
}
