import { checkedText, checkOneOf, refuseDefinition } from "./definition-checks.ts";
import type { RegisterTaskDefinitionRequest } from "./task-definition-request.ts";

/**
 * Refuses a proxy configuration for a network mode other than awsvpc, without ports, or for an unknown container.
 * AWS: users report the texts for the mode, the ingress port and the container; the others follow these. It requires a user or group whose
 * traffic bypasses the proxy.
 */
export function checkProxy(
  { proxyConfiguration: proxy, networkMode }: RegisterTaskDefinitionRequest,
  containers: readonly { readonly name: string }[],
): void {
  if (proxy === undefined) return;
  checkOneOf(proxy.type, ["APPMESH"], "proxyConfiguration.type");
  const name = checkedText(proxy.containerName, "proxyConfiguration.containerName");
  if (networkMode !== "awsvpc") {
    refuseDefinition("APPMESH proxy configuration is only supported in networkMode=awsvpc");
  }
  const given = new Map((proxy.properties ?? []).map((property) => [property.name, property.value ?? ""]));
  if (!given.get("ProxyIngressPort")) refuseDefinition("Ingress port not found");
  if (!given.get("ProxyEgressPort")) refuseDefinition("Egress port not found");
  for (const [property, what] of [
    ["ProxyIngressPort", "Ingress"],
    ["ProxyEgressPort", "Egress"],
  ] as const) {
    if (!isPort(given.get(property) ?? "")) refuseDefinition(`${what} port is invalid`);
  }
  const appPorts = given.get("AppPorts");
  if (!appPorts) refuseDefinition("App ports not found");
  if (!appPorts.split(",").every((port) => isPort(port.trim()))) refuseDefinition("App ports are invalid");
  if (!given.get("IgnoredUID") && !given.get("IgnoredGID")) refuseDefinition("Ignored UID or ignored GID not found");
  if (!containers.some((container) => container.name === name)) {
    refuseDefinition(`Proxy container [${name}] does not exist`);
  }
}

const isPort = (text: string): boolean => /^[0-9]{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;
