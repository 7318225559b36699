import { defineConfig } from "vitest/config";

const source = { conditions: ["@sluice/source", "node"] };

/** `unit` needs nothing but this checkout; `system` starts real parts (nats-server, sandboxes); `kube` a real cluster. */
export default defineConfig({
  resolve: source,
  ssr: { resolve: source },
  test: {
    environment: "node",
    passWithNoTests: false,
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["packages/*/src/**/*.test.ts", "test/*.test.ts"],
          // A hang is told, however busy the machine is; nothing here takes seconds on a quiet one.
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "system",
          include: ["test/{nats,e2e,sim,conformance,local}/**/*.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        extends: true,
        test: {
          name: "kube",
          include: ["test/kube/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
});
