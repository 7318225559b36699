import { silentLogger } from "@sluice/base";
import { VirtualClock } from "@sluice/base/testing";
import { describe } from "vitest";
import type { Transport } from "../ports/transport.ts";
import { openStores } from "../stores/open.ts";
import { archiveConformance } from "./stores/archive.ts";
import { artifactsConformance } from "./stores/artifacts.ts";
import { eventsConformance } from "./stores/events.ts";
import { firingsConformance } from "./stores/firings.ts";
import type { StoresGround } from "./stores/ground.ts";
import { journalConformance } from "./stores/journal.ts";
import { logsConformance } from "./stores/logs.ts";
import { resourcesConformance } from "./stores/resources.ts";
import { watchesConformance } from "./stores/watches.ts";

/** The typed stores on any Transport; `make` gives a fresh, empty one. */
export function storesConformance(name: string, make: () => Promise<Transport>): void {
  const ground: StoresGround = {
    make,
    open: (bus) => openStores(bus, { clock: new VirtualClock(1_000), log: silentLogger }),
  };
  describe(`stores on ${name}: events`, () => eventsConformance(ground));
  describe(`stores on ${name}: firings`, () => firingsConformance(ground));
  describe(`stores on ${name}: journals`, () => journalConformance(ground));
  describe(`stores on ${name}: the archive`, () => archiveConformance(ground));
  describe(`stores on ${name}: output lines`, () => logsConformance(ground));
  describe(`stores on ${name}: artifacts`, () => artifactsConformance(ground));
  describe(`stores on ${name}: resources`, () => resourcesConformance(ground));
  describe(`stores on ${name}: watches`, () => watchesConformance(ground));
}
