import { type SimulatedBehaviour, simulatedBehaviour } from "../../agent/simulated/simulated-images.ts";

/** The members of a container definition that determine how long it runs, named as in the API. */
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

/** True for a container that runs and then ends or becomes unhealthy: a service replaces it again and again. */
export function endsByItself(container: DefinedContainer): boolean {
  const { exit, health } = behaviourOf(container);
  return exit !== null || (Boolean(container.healthCheck) && health !== "HEALTHY");
}

/** True for a container that keeps a service from settling: it ends, or never starts. */
export function isRestless(container: DefinedContainer): boolean {
  const { pull, start } = behaviourOf(container);
  return pull === "fails" || start === "fails" || endsByItself(container);
}
