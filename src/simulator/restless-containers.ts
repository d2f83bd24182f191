import { type SimulatedBehaviour, simulatedBehaviour } from "../agent/simulated/simulated-images.ts";

/** What of a container of a task definition tells how long it runs, in the API's words. */
export type DefinedContainer = {
  readonly image?: string | null;
  readonly command?: readonly string[] | null;
  readonly entryPoint?: readonly string[] | null;
  readonly healthCheck?: object | null;
};

/** What a container of this definition does on a simulated host. */
export const behaviourOf = ({ image, command, entryPoint }: DefinedContainer): SimulatedBehaviour =>
  simulatedBehaviour({
    image: image ?? "",
    ...(command ? { command: [...command] } : {}),
    ...(entryPoint ? { entryPoint: [...entryPoint] } : {}),
  });

/** True for a container that runs and then ends or is found unhealthy: a service replaces it again and again. */
export function endsByItself(container: DefinedContainer): boolean {
  const { exit, health } = behaviourOf(container);
  return exit !== null || (Boolean(container.healthCheck) && health !== "HEALTHY");
}

/** True for one with which a service never comes to rest: it ends, or does not even start. */
export function isRestless(container: DefinedContainer): boolean {
  const { pull, start } = behaviourOf(container);
  return pull === "fails" || start === "fails" || endsByItself(container);
}
