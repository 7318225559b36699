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
          testTimeout: 10_000,
        },
      },
      {
        extends: true,
        test: {
          name: "system",
          include: ["test/{nats,e2e,sim,conformance,local}/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "kube",
          include: ["test/kube/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
});
