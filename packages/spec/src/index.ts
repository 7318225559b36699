/** Schemas and types of every resource, YAML with positions, and the formats of what is stored. @module */
export * from "./contract.ts";
