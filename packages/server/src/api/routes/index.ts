import type { ServerDeps } from "../ports.ts";
import type { ApiRoute } from "../route.ts";
import { applyRoutes } from "./apply.ts";
import { archiveRoutes } from "./archive.ts";
import { artifactRoutes } from "./artifacts/artifacts.ts";
import { artifactFileRoutes } from "./artifacts/files.ts";
import { bindingEventRoutes } from "./bindings/events.ts";
import { cronRunRoutes } from "./cron-runs.ts";
import { cronRoutes } from "./crons.ts";
import { deadRoutes } from "./dead.ts";
import { definitionRoutes } from "./definitions/objects.ts";
import { submitFromRoutes } from "./definitions/submit.ts";
import { eventRoutes } from "./events.ts";
import { happeningRoutes } from "./happenings/stream.ts";
import { resourceRoutes } from "./resources.ts";
import { syncRoutes } from "./sync/limits.ts";
import { systemRoutes } from "./system.ts";
import { workflowStreamRoutes } from "./workflow-streams.ts";
import { workflowVerbRoutes } from "./workflow-verbs.ts";
import { workflowRoutes } from "./workflows.ts";

/** Every path of the API. A new path is an entry in one of these, and nothing else. */
export const apiRoutes = (deps: ServerDeps): readonly ApiRoute[] => [
  ...systemRoutes(deps),
  ...workflowRoutes(deps),
  ...submitFromRoutes(deps),
  ...definitionRoutes(deps),
  ...workflowVerbRoutes(deps),
  ...workflowStreamRoutes(deps),
  ...happeningRoutes(deps),
  ...archiveRoutes(deps),
  ...artifactRoutes(deps),
  ...artifactFileRoutes(deps),
  ...cronRoutes(deps),
  ...cronRunRoutes(deps),
  ...syncRoutes(deps),
  ...applyRoutes(deps),
  ...resourceRoutes(deps),
  ...eventRoutes(deps),
  ...bindingEventRoutes(deps),
  ...deadRoutes(deps),
];
