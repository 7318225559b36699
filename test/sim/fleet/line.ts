// One process's line to the bus: slow, lossy, and cut by the process's own end.
import { BusError, type Transport } from "@sluice/bus";
import type { Fate } from "./fate.ts";

/** Methods that give a stream of things, and those that give a part with methods of its own. */
const streams = new Set(["consume", "follow", "read", "entries", "watch"]);
const parts = new Set(["keyValue", "objects"]);
/** What the client knows by itself. */
const local = new Set(["describe"]);

/** The same bus, as this process sees it. */
export const lineTo = (transport: Transport, fate: Fate): Transport => fated(transport, fate);

function fated<T extends object>(target: T, fate: Fate): T {
  return new Proxy(target, {
    get: (_, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function" || typeof name !== "string" || local.has(name)) return member;
      const act = (...args: unknown[]): unknown => member.apply(target, args) as unknown;
      if (parts.has(name)) return (...args: unknown[]) => fated(act(...args) as object, fate);
      if (streams.has(name))
        return (...args: unknown[]) => heard(() => act(...args) as AsyncIterable<unknown>, fate);
      return (...args: unknown[]) => asked(() => act(...args) as Promise<unknown>, fate, name);
    },
  });
}

async function asked(act: () => Promise<unknown>, fate: Fate, what: string): Promise<unknown> {
  await fate.step();
  const isLost = fate.odds(fate.perils.loss);
  const isUnheard = fate.odds(fate.perils.loss);
  await fate.travel();
  const lost = () => BusError.UNAVAILABLE({ what, reason: "lost on the way" });
  try {
    if (isLost) throw lost();
    const answer = await act();
    await fate.travel();
    if (isUnheard) throw lost();
    await fate.pass();
    return answer;
  } catch (error) {
    await fate.pass();
    throw error;
  }
}

async function* heard(open: () => AsyncIterable<unknown>, fate: Fate): AsyncIterable<unknown> {
  await fate.step();
  for await (const item of open()) {
    await fate.travel();
    await fate.step();
    yield item;
    if ((item as { type?: string }).type === "caught-up" || !fate.odds(fate.perils.doubled)) continue;
    await fate.pass();
    yield item;
  }
  await fate.pass();
}
