/**
 * Where agents reach a server that was told no address to advertise: where it listens, at `url`. One that listens on every address has
 * none of its own, so that each agent is told the name by which it came (`callerHost`, with its port).
 */
export function agentBaseUrl(url: string, listenHost: string, callerHost: string | null): string {
  const isEverywhere = listenHost === "0.0.0.0" || listenHost === "::";
  if (!isEverywhere || callerHost === null || !hostForm.test(callerHost)) return url;
  return `${url.slice(0, url.indexOf(":"))}://${callerHost}`;
}

const hostForm = /^(?:[\w.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;
