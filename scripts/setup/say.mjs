// What set-up does, said while it does it: one line when a part begins, one when it ends.

const colour = process.stderr.isTTY && process.env.NO_COLOR === undefined;
const dim = (text) => (colour ? `\u001b[2m${text}\u001b[0m` : text);

/** Prints a line of progress to stderr (stdout belongs to the command that follows). */
export function say(text) {
  process.stderr.write(`${dim("set-up")}  ${text}\n`);
}

/** Runs `work`; when it takes longer than a second, says every few seconds that it still goes on. */
export async function during(what, work) {
  const startedAt = Date.now();
  say(`${what} …`);
  const tick = setInterval(() => say(`${what} … ${seconds(startedAt)}`), 5_000);
  try {
    const result = await work();
    say(`${what}: done in ${seconds(startedAt)}`);
    return result;
  } finally {
    clearInterval(tick);
  }
}

export const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

export const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
