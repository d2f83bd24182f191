/** What simulated containers can rehearse: the tables of `docs/simulated-containers.md`. */
import { simulatedCommands, simulatedImages } from "../src/agent/simulated/simulated-images.ts";
import { row, withSection } from "./generated-section.ts";

/** The page with its tables of images and commands brought up to date. */
export function withSimulatedImages(page: string): string {
  const lines = [
    "| image | what its container does |",
    "|---|---|",
    ...simulatedImages.map(({ image, what }) => row(`\`${image}\``, what)),
    "",
    "| command, on any image | what its container does |",
    "|---|---|",
    ...simulatedCommands.map(({ command, what }) => row(`\`${command}\``, what)),
    "",
  ];
  return withSection(page, "simulated images", lines.join("\n"));
}
