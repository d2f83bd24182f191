/**
 * The address whose share a client's connections count against. Whoever has one address of these has all of them: the machine
 * itself all of 127.0.0.0/8, a customer of an IPv6 network the /64.
 */
export function clientAddress(remoteAddress: string): string {
  const address = remoteAddress.replace(/^::ffff:(?=\d+\.)/i, "");
  if (address.startsWith("127.") || address === "::1") return "loopback";
  if (!address.includes(":")) return address;
  const [head = "", tail = ""] = (address.split("%")[0] ?? "").split("::");
  const groups = head === "" ? [] : head.split(":");
  const behind = tail === "" ? [] : tail.split(":");
  while (groups.length + behind.length < 8) groups.push("0");
  return `${[...groups, ...behind].slice(0, 4).join(":")}::/64`;
}
