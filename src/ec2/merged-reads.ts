/**
 * What an answer of EC2 has of Berth and of a companion that has EC2 as well. The interfaces of tasks are Berth's, and no other server knows them.
 * Of instances, subnets, security groups and VPCs Berth knows little more than the names; so whoever made them describes them.
 */
import type { Ec2Filter } from "./described-page.ts";
import type { ec2Operations } from "./ec2-operations.ts";

/** How a request names what it wants. */
export type NamedBy = {
  /** The member of the request. */
  readonly member: string;
  /** What the form calls it, before the number. */
  readonly parameter: string;
  /** The filter that finds the same, and takes names that aren't there. */
  readonly filter: string;
};

type Item = Readonly<Record<string, unknown>>;

export type MergedRead = {
  /** The member of the reply that has the items. */
  readonly list: string;
  readonly namedBy: readonly [NamedBy, ...NamedBy[]];
  /** The id of an item, or the ids of all that is in it. Empty for what isn't an item. */
  readonly idsOf: (item: Item) => readonly string[];
  /** Whether Berth's description counts where both have one. */
  readonly isOwn: boolean;
};

const texts = (...values: readonly unknown[]): string[] => values.filter((value) => typeof value === "string");

const byId = (list: string, member: string, filter: string, isOwn = false): MergedRead => ({
  list,
  namedBy: [{ member: `${member}s`, parameter: member, filter }],
  idsOf: (item) => texts(item[member]),
  isOwn,
});

const byOperation: Readonly<Record<keyof typeof ec2Operations, MergedRead>> = {
  DescribeInstances: {
    ...byId("Reservations", "InstanceId", "instance-id"),
    idsOf: ({ Instances = [] }) => (Instances as readonly Item[]).flatMap(({ InstanceId }) => texts(InstanceId)),
  },
  DescribeNetworkInterfaces: byId("NetworkInterfaces", "NetworkInterfaceId", "network-interface-id", true),
  DescribeSecurityGroups: {
    ...byId("SecurityGroups", "GroupId", "group-id"),
    namedBy: [
      { member: "GroupIds", parameter: "GroupId", filter: "group-id" },
      { member: "GroupNames", parameter: "GroupName", filter: "group-name" },
    ],
  },
  DescribeSubnets: byId("Subnets", "SubnetId", "subnet-id"),
  DescribeVpcs: byId("Vpcs", "VpcId", "vpc-id"),
};

/** The operations whose answers are merged, by their names. */
export const mergedReads: ReadonlyMap<string, MergedRead> = new Map(Object.entries(byOperation));

/** A part of an answer; `NextToken` is that of whoever gave it. */
export type PartOfAnswer = { readonly items: readonly Item[]; readonly NextToken?: string };

/** The part that a reply is. */
export function partOf({ list }: MergedRead, reply: object): PartOfAnswer {
  const { [list]: items = [], NextToken } = reply as Readonly<Record<string, unknown>>;
  return {
    items: items as readonly Item[],
    ...(typeof NextToken === "string" && NextToken !== "" && { NextToken }),
  };
}

/** The ids of all items of a part. */
export const idsIn = ({ idsOf }: MergedRead, items: readonly Item[]): ReadonlySet<string> =>
  new Set(items.flatMap((item) => idsOf(item)));

/** Everything by which a request may name the items of a part. Names of groups aren't unique. */
export const namesIn = (read: MergedRead, items: readonly Item[]): ReadonlySet<string> =>
  new Set([...idsIn(read, items), ...items.flatMap(({ GroupName }) => texts(GroupName))]);

/** The items whose id isn't among `ids`; of those that have several things, the ones of which none is. */
export const itemsBeside = ({ idsOf }: MergedRead, items: readonly Item[], ids: ReadonlySet<string>): Item[] =>
  items.filter((item) => !idsOf(item).some((id) => ids.has(id)));

/** One answer of both parts, Berth's first, with the token that continues it. */
export function mergedReply(read: MergedRead, ours: readonly Item[], theirs: PartOfAnswer): object {
  const others = read.isOwn ? itemsBeside(read, theirs.items, idsIn(read, ours)) : theirs.items;
  const { NextToken } = theirs;
  return {
    [read.list]: [...ours, ...others],
    ...(NextToken !== undefined && { NextToken: companionsToken(NextToken) }),
  };
}

const tokenPrefix = "companion:";

/** The token of a page that is the companion's alone: the one that `token` continues there, or its first page for "". */
export const companionsToken = (token: string): string => `${tokenPrefix}${token}`;

/** What the companion's own token is in `token`, "" for its first page; null for a token of Berth's, or none. */
export const tokenOfCompanion = (token: string | undefined): string | null =>
  token?.startsWith(tokenPrefix) === true ? token.slice(tokenPrefix.length) : null;

/** LIMIT: AWS takes this many values of a filter. */
const valuesMax = 200;

/** The filters that find what `names` are, each for a call of its own. */
export function filtersFor({ filter }: NamedBy, names: readonly string[]): Ec2Filter[] {
  const filters: Ec2Filter[] = [];
  for (let at = 0; at < names.length; at += valuesMax) {
    filters.push({ Name: filter, Values: names.slice(at, at + valuesMax) });
  }
  return filters;
}
