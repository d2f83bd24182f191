/** Where an engine listens. */
export type DockerAddress =
  | { readonly socketPath: string }
  | { readonly host: string; readonly port: number; readonly prefix: string };

export const defaultDockerHost = "unix:///var/run/docker.sock";

/**
 * Reads a DOCKER_HOST value: `unix:///path`, `tcp://host:port` or `http://host:port/prefix`. Throws an Error with a message for
 * the operator if it is none of them.
 */
export function dockerAddress(dockerHost: string): DockerAddress {
  const text = dockerHost.trim() === "" ? defaultDockerHost : dockerHost.trim();
  if (text.startsWith("unix://")) {
    const socketPath = text.slice("unix://".length);
    if (!socketPath.startsWith("/")) throw new Error(`DOCKER_HOST=${text}: unix:// needs an absolute path`);
    return { socketPath };
  }
  if (!/^(?:tcp|http):\/\//.test(text) || !URL.canParse(text.replace(/^tcp:/, "http:"))) {
    throw new Error(`DOCKER_HOST=${text} is not valid: use unix:///path, tcp://host:port or http://host:port`);
  }
  const url = new URL(text.replace(/^tcp:/, "http:"));
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const defaultPort = text.startsWith("tcp:") ? 2375 : 80;
  return { host, port: url.port === "" ? defaultPort : Number(url.port), prefix: url.pathname.replace(/\/+$/, "") };
}

/** The address as people write it. */
export function shownAddress(address: DockerAddress): string {
  if ("socketPath" in address) return `unix://${address.socketPath}`;
  return `http://${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}${address.prefix}`;
}
