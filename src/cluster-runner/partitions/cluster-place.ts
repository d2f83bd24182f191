import { type Place, parseArn } from "../../ecs/arn.ts";

/** Where a cluster is. */
export type ClusterPlace = Place & { readonly cluster: string };

/** Where what an account has of a service other than ECS is. */
export type ServicePlace = Place & { readonly service: string };

/** What the partitions of Berth's machines belong to; the store may hold others. */
export type MachinePartition =
  | { readonly type: "account"; readonly place: Place }
  | { readonly type: "cluster"; readonly place: ClusterPlace }
  | { readonly type: "service"; readonly place: ServicePlace };

export const accountPartition = ({ account, region }: Place): string => `account/${account}/${region}`;
export const clusterPartition = ({ account, region, cluster }: ClusterPlace): string =>
  `cluster/${account}/${region}/${cluster}`;
export const servicePartition = ({ account, region, service }: ServicePlace): string =>
  `service/${account}/${region}/${service}`;

/** The name that the partitions of an account and region share. */
export const placeName = ({ account, region }: Place): string => `${account}/${region}`;

/** What a partition belongs to, or null if it isn't a machine's. */
export function parsePartition(partition: string): MachinePartition | null {
  const [type, account = "", region = "", name, ...rest] = partition.split("/");
  if (!isPlace({ account, region }) || rest.length > 0) return null;
  if (type === "account" && name === undefined) return { type, place: { account, region } };
  if (name === undefined || name === "") return null;
  if (type === "cluster") return { type, place: { account, region, cluster: name } };
  if (type === "service") return { type, place: { account, region, service: name } };
  return null;
}

/** True for an account id of 12 digits and a valid region name. */
export function isPlace({ account, region }: Place): boolean {
  return /^\d{12}$/.test(account) && /^[a-z0-9-]{1,32}$/.test(region);
}

/** The container instance of a long ARN, or null if it isn't such an ARN. */
export function instanceOf(containerInstanceArn: string): (ClusterPlace & { readonly instanceId: string }) | null {
  const arn = parseArn(containerInstanceArn);
  if (arn === null || arn.type !== "container-instance" || arn.path.length !== 2 || !isPlace(arn)) return null;
  const [cluster = "", instanceId = ""] = arn.path;
  return { account: arn.account, region: arn.region, cluster, instanceId };
}
