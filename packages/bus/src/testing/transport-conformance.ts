import { describe } from "vitest";
import type { Transport } from "../ports/transport.ts";
import { consumersConformance } from "./transport/consumers.ts";
import { keysConformance } from "./transport/keys.ts";
import { appendsConformance, followersConformance } from "./transport/streams.ts";

/** Every Transport passes this; `make` gives a fresh, empty one. */
export function transportConformance(name: string, make: () => Promise<Transport>): void {
  describe(`${name} as a transport: appends`, () => appendsConformance(make));
  describe(`${name} as a transport: consumers`, () => consumersConformance(make));
  describe(`${name} as a transport: followers`, () => followersConformance(make));
  describe(`${name} as a transport: keys and objects`, () => keysConformance(make));
}
