/** The workflow engine: pure state machine, journal loop, and the Executor contract. @module */
export type {
  Executor,
  ExecutorDescription,
  StepEvent,
  StepLine,
  StepRequest,
} from "./executor/contract.ts";
