import { limits } from "../limits.ts";
import { refuseDefinition } from "./definition-checks.ts";

/** LIMIT: the longest tag that registries and Docker accept. */
const tagCharacters = 128;

/**
 * Refuses an image that isn't a reference `[host[:port]/]path[:tag][@sha256:digest]`, part by part.
 * AWS: the reference has at most 255 characters, not counting a digest. The only digest is SHA-256, with 64 hex digits. Users report the
 * texts.
 */
export function checkImage(image: string): void {
  const at = image.indexOf("@");
  const named = at < 0 ? image : image.slice(0, at);
  if (!/^[A-Za-z0-9_\-:./#]*$/.test(named)) refuseCharacters();
  if (at >= 0 && !/^sha256:[0-9A-Fa-f]{64}$/.test(image.slice(at + 1))) refuseCharacters();
  const slash = named.lastIndexOf("/");
  const colon = named.indexOf(":", slash + 1);
  const repository = colon < 0 ? named : named.slice(0, colon);
  if (repository === "") refuseDefinition("Container.image repository should not be null or empty.");
  if (colon >= 0) checkTag(named.slice(colon + 1));
  checkRepository(repository);
  if (named.length > limits.nameCharacters) {
    refuseDefinition(
      `Container.image${at < 0 ? "" : " repository"} should be ${limits.nameCharacters} characters or less`,
    );
  }
}

function checkTag(tag: string): void {
  if (!/^[A-Za-z0-9_#][A-Za-z0-9_.#-]*$/.test(tag) || tag.length > tagCharacters) refuseCharacters();
}

/** Only the first of several components, the registry, may have a port. */
function checkRepository(repository: string): void {
  const [first = "", ...rest] = repository.split("/");
  const isRegistry = rest.length > 0;
  if (!(isRegistry ? /^[^:]+(:[0-9]{1,5})?$/ : /^[^:]+$/).test(first)) refuseCharacters();
  if (rest.some((component) => component === "" || component.includes(":"))) refuseCharacters();
}

function refuseCharacters(): never {
  refuseDefinition("Container.image contains invalid characters.");
}
