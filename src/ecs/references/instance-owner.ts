import type { ContainerInstance } from "../documents/container-instance.ts";
import { refuse } from "../refusals.ts";
import type { Caller } from "../state/call.ts";

/** The owner of a container instance that `caller` registers: the access key, or the principal if no key was checked. */
export const registrantOf = (caller: Caller): string => caller.keyOrigin ?? caller.principalArn;

/**
 * Whether `caller` may speak for `instance` (null: a host that isn't a container instance). Everyone may except an agent key, which speaks
 * only for the instances it registered. An instance registered before Berth recorded owners is open to any agent key until one registers it
 * again.
 */
export function maySpeakFor(caller: Caller, instance: ContainerInstance | null): boolean {
  if (caller.ownInstancesOnly !== true) return true;
  if (instance === null) return false;
  return instance.registeredBy === null || instance.registeredBy === registrantOf(caller);
}

/** Refuses with AccessDeniedException a call about an instance that `caller` may not speak for. AWS: the text. */
export function checkSpeaksFor(
  caller: Caller,
  instance: ContainerInstance | null,
  { action, resource }: { readonly action: string; readonly resource: string },
): void {
  if (maySpeakFor(caller, instance)) return;
  denyAgent(caller, action, resource);
}

/** Refuses `action` of an agent key on `resource`. */
export function denyAgent({ principalArn }: Caller, action: string, resource: string): never {
  refuse(
    "AccessDeniedException",
    `User: ${principalArn} is not authorized to perform: ecs:${action} on resource: ${resource} because no identity-based policy allows the ecs:${action} action`,
  );
}
