import type { Stores } from "../../ports/stores.ts";
import type { Transport } from "../../ports/transport.ts";

/** Where a suite of the stores runs: fresh, empty transports, and the stores on one. */
export interface StoresGround {
  make(): Promise<Transport>;
  open(bus: Transport): Stores;
}

/** How the suites consume. */
export const consuming = { ackWaitMs: 30_000, maxInFlight: 4 };
