import { flag, integer, list, object, optional, type TypeOf, text } from "../shape.ts";

/** A network interface of a task (awsvpc) or of an instance (its trunk). */
export const elasticNetworkInterface = object({
  attachmentArn: optional(text),
  ec2Id: optional(text),
  macAddress: optional(text),
  ipv4Addresses: optional(list(object({ privateAddress: text, primary: optional(flag) }))),
  subnetGatewayIpv4Address: optional(text),
  privateDnsName: optional(text),
  domainName: optional(list(text)),
  domainNameServers: optional(list(text)),
  interfaceAssociationProtocol: optional(text),
  name: optional(text),
  index: optional(integer),
});
export type ElasticNetworkInterface = TypeOf<typeof elasticNetworkInterface>;
