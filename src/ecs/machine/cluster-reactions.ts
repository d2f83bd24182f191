import { noteIdleness } from "../fargate/hosts-for-tasks.ts";
import { noteTaskOfService } from "../rollout/note-task-of-service.ts";
import type { StepReactions } from "../state/cluster-step.ts";

/** What follows at once from a change in a step of a cluster machine. */
export const clusterReactions: StepReactions = { taskChanged: noteTaskOfService, hostTouched: noteIdleness };
