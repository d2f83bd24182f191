import { type EngineOptions, engineDefaults } from "./engine-step.ts";

/**
 * The engine of a host that the control plane runs itself.
 * LIMIT: a stopped task is remembered because orders may be repeated, which does not happen within one process; and an idle host,
 * which is kept for longer, has removed every container when it ends.
 */
export const managedEngine: EngineOptions = { ...engineDefaults, taskCleanupMs: 120_000 };
