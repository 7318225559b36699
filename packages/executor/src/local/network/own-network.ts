// A network of its own for a daemon whose port is taken on this machine: a pair of virtual interfaces, one end in the
// sandbox. It is taken away before the step's end is told, and else goes some time after the sandbox's last process: so
// nothing is left of it however we end.
import { readlinkSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { type Clock, fnv32a, sleepFor } from "@sluice/base";
import { runBriefly } from "../isolation/brief-run.ts";

interface Ends {
  readonly host: string;
  readonly own: string;
}

/**
 * Pairs of addresses out of 198.18.0.0/15, which RFC 2544 keeps for tests of networks, so that nobody uses it for more.
 * By the step's id, so that a repeat takes the same; one in use is passed over.
 */
export function addressesFor(stepId: string, inUse: ReadonlySet<string>): Ends {
  const first = fnv32a(stepId) % 65_536;
  for (let tries = 0; tries < 65_536; tries++) {
    const place = 2 * ((first + tries) % 65_536);
    const at = (offset: number) =>
      `198.${18 + ((place + offset) >> 16)}.${((place + offset) >> 8) & 255}.${(place + offset) & 255}`;
    // Addresses that end in 0 and 255 are taken for a network's own by many a program.
    if (place % 256 === 0 || place % 256 === 254 || inUse.has(at(0))) continue;
    return { host: at(0), own: at(1) };
  }
  throw new Error("no address is free");
}

const addressesHere = (): ReadonlySet<string> =>
  new Set(Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address)));

/**
 * Connects the network namespace of a process, which is being made, with this machine; gives the address in it. Undefined
 * when that cannot be done here.
 */
export async function giveNetwork(
  processOf: () => number | undefined,
  stepId: string,
  { path, clock }: { readonly path: string; readonly clock: Clock },
): Promise<string | undefined> {
  const here = networkOf("self");
  let pid = processOf();
  for (let tries = 0; pid === undefined || networkOf(pid) === here; tries++) {
    if (tries === 400) return undefined;
    await sleepFor(clock, 5);
    pid = processOf();
  }
  const { host, own } = addressesFor(stepId, addressesHere());
  const name = linkOf(stepId);
  const batch = async (words: readonly string[], lines: readonly string[]) =>
    (await runBriefly([...words, "ip", "-batch", "-"], { path, input: `${lines.join("\n")}\n` })).code === 0;
  const isDone =
    (await batch(
      [],
      [
        `link add ${name} type veth peer name eth0 netns ${pid}`,
        `addr add ${host}/31 dev ${name}`,
        `link set ${name} up`,
      ],
    )) &&
    (await batch(
      ["nsenter", "--target", String(pid), "--net"],
      ["link set lo up", `addr add ${own}/31 dev eth0`, "link set eth0 up", `route add default via ${host}`],
    ));
  return isDone ? own : undefined;
}

/** Takes away what `giveNetwork` gave to a step that has ended; one that is gone already is no error. */
export async function takeNetwork(stepId: string, { path }: { readonly path: string }): Promise<void> {
  await runBriefly(["ip", "link", "del", linkOf(stepId)], { path });
}

/** The host's end; interfaces have names of 15 letters at most. */
const linkOf = (stepId: string): string => `sluice${fnv32a(stepId).toString(36)}`;

function networkOf(pid: number | "self"): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}
