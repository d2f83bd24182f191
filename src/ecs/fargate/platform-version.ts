import { refuse } from "../refusals.ts";

/** AWS: the platform versions for Linux tasks that there are, and what LATEST means. */
const platformVersions: readonly string[] = ["1.3.0", "1.4.0"];
const latest = "1.4.0";

/** The platform version that a call asks for, LATEST when it names none. AWS: PlatformUnknownException for one that is none. */
export function platformVersion(requested: string | undefined): string {
  const version = requested === undefined || requested === "" || requested === "LATEST" ? latest : requested;
  if (!platformVersions.includes(version)) refuse("PlatformUnknownException", "The specified platform does not exist.");
  return version;
}
