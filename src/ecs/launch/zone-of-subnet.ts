/** AWS: a subnet lies in one zone. Here there are no subnets but their names, so the name decides. */
export function zoneOfSubnet(region: string, subnet: string): string {
  let sum = 0;
  for (const character of subnet) sum += character.charCodeAt(0);
  return `${region}${"abc".charAt(sum % 3)}`;
}
