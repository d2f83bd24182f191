import { refuse } from "../refusals.ts";

/** AWS: the platform versions for Linux tasks, and what LATEST means. */
const platformVersions: readonly string[] = ["1.3.0", "1.4.0"];
const latest = "1.4.0";

/** The platform version that a call requests, by default LATEST. AWS: an unknown one is a PlatformUnknownException. */
export function platformVersion(requested: string | undefined): string {
  const version = requested === undefined || requested === "" || requested === "LATEST" ? latest : requested;
  if (!platformVersions.includes(version)) refuse("PlatformUnknownException", "The specified platform does not exist.");
  return version;
}
