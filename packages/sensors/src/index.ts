/** Matches events to sensors' dependencies and asks for their triggers. Start at `runSensors`. @module */
export { type Compiled, type CompiledSensor, compileSensor } from "./compile.ts";
export { SensorError, type SensorIssue } from "./errors.ts";
export { durableOf, type SensorDeps } from "./loop.ts";
export { requestId } from "./render.ts";
export { runSensors, type SensorsDeps } from "./runner.ts";
export { type SensorReport, type SensorStatus, SensorsStatus } from "./status.ts";
