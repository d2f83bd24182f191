import { execFileSync } from "node:child_process";
import type { DockerEngine } from "../../src/agent/docker/engine/docker-engine.ts";

/** LIMIT: the program of Node with its libraries is 130 MB. */
const archiveBytesMax = 512 * 1024 * 1024;

/**
 * Builds an image from this process's Node and the libraries that it is linked to. Its containers run `command`. No registry is
 * asked.
 */
export async function importNode(
  docker: DockerEngine,
  { repository, tag, command }: { readonly repository: string; readonly tag: string; readonly command: string[] },
): Promise<string> {
  const linked = execFileSync("ldd", [process.execPath], { encoding: "utf8" });
  const libraries = [...linked.matchAll(/(\/\S+) \(0x/g)].map(([, path = ""]) => path.slice(1));
  const own = process.execPath.slice(1);
  const argv = ["--create", "--dereference", "--directory", "/", "--transform", `flags=r;s,^${own}$,bin/node,`];
  const archive = execFileSync("tar", [...argv, own, ...libraries], { maxBuffer: archiveBytesMax });
  await docker.importImage(archive, repository, tag, ["ENV PATH=/bin", `CMD ${JSON.stringify(command)}`]);
  return `${repository}:${tag}`;
}
