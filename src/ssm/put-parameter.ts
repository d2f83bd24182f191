import { checkMembers } from "../service-machine/member-rules.ts";
import type { ServiceGiven } from "../service-machine/service-operation.ts";
import { checkAllowedPattern } from "./allowed-pattern.ts";
import {
  type ParameterTier,
  type ParameterType,
  type ParameterVersion,
  parameterTiers,
  parameterTypes,
  type Tag,
  versionKey,
} from "./parameter.ts";
import { checkNewName, checkTags, nameRule } from "./parameter-rules.ts";
import { sealValue } from "./parameter-value.ts";
import type { ParametersStep } from "./parameters-state.ts";
import { refuse } from "./ssm-refusal.ts";

type PutParameterRequest = {
  readonly Name: string;
  readonly Value: string;
  readonly Description?: string;
  readonly Type?: ParameterType;
  readonly KeyId?: string;
  readonly Overwrite?: boolean;
  readonly AllowedPattern?: string;
  readonly Tags?: readonly Partial<Tag>[];
  readonly Tier?: ParameterTier | "Intelligent-Tiering";
  readonly Policies?: string;
  readonly DataType?: string;
};

/** AWS: the largest values of the tiers, in bytes. */
const valueBytesMax = { Standard: 4_096, Advanced: 8_192 } as const;
/** AWS: versions of a parameter. */
const versionsMax = 100;
/** LIMIT: parameters of an account in a region, all in memory; AWS has 10,000 standard ones, and more of the others. */
const parametersMax = 20_000;
/** LIMIT: all values of an account in a region are in memory, sealed: 64 MiB. */
const sealedCharactersMax = 67_108_864;

/** Creates a parameter, or with `Overwrite` a new version of one. What the request leaves out stays as it was. */
export function putParameter(
  step: ParametersStep,
  request: PutParameterRequest,
  { caller, ports }: ServiceGiven,
): object {
  checkRequest(request);
  const { state, place, now } = step;
  const { Name: name, Value: value, Overwrite = false } = request;
  const existing = state.parameters.get(name);
  const before = existing === undefined ? null : state.newest(existing);
  if (before !== null && !Overwrite) {
    const text =
      "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.";
    refuse("ParameterAlreadyExists", text);
  }
  if (before === null && state.parameters.size >= parametersMax) {
    refuse("ParameterLimitExceeded", `Berth keeps at most ${parametersMax} parameters of an account in a region.`);
  }
  const type = typeOf(request, before);
  const tier = tierOf(request, before);
  const allowedPattern = request.AllowedPattern ?? before?.allowedPattern ?? null;
  if (allowedPattern !== null && allowedPattern !== "") checkAllowedPattern(allowedPattern, value);
  if (before !== null) makeRoom(step, before);
  const number = (before?.version ?? 0) + 1;
  const sealed = sealValue(place, name, number, value, ports);
  if (state.sealedCharacters + sealed.length > sealedCharactersMax) {
    refuse("ParameterLimitExceeded", "The parameters of this account and region have no more room in Berth.");
  }
  const version: ParameterVersion = {
    key: versionKey(name, number),
    name,
    version: number,
    type,
    sealed,
    description: request.Description ?? before?.description ?? null,
    // AWS: the key of the account by default.
    keyId: type === "SecureString" ? (request.KeyId ?? before?.keyId ?? "alias/aws/ssm") : null,
    allowedPattern: allowedPattern === "" ? null : allowedPattern,
    tier,
    labels: [],
    modifiedAt: now,
    modifiedBy: caller.principalArn,
  };
  state.versions.put(version.key, version);
  const tags = existing?.tags ?? checkTags(request.Tags ?? []);
  state.parameters.put(name, { name, version: number, tags });
  return { Version: number, Tier: tier };
}

/** What can be said against a request without a look at what is there. AWS: the texts. */
function checkRequest(request: PutParameterRequest): void {
  checkMembers(request, {
    ...nameRule,
    Value: { type: "text", required: true, min: 1, max: 65_536, isSecret: true },
    Description: { type: "text", min: 0, max: 1_024 },
    Type: { type: "word", words: parameterTypes },
    KeyId: { type: "text", min: 1, max: 256, pattern: /^([a-zA-Z0-9:/_-]+)$/ },
    AllowedPattern: { type: "text", min: 0, max: 1_024 },
    Tier: { type: "word", words: [...parameterTiers, "Intelligent-Tiering"] },
    Policies: { type: "text", min: 0, max: 4_096 },
    DataType: { type: "text", min: 0, max: 128 },
  });
  const { Name, Value, Overwrite = false, Tags = [], Policies = "", DataType = "text" } = request;
  checkNewName(Name);
  if (Overwrite && Tags.length > 0) {
    const text =
      "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.";
    refuse("ValidationException", text);
  }
  if (!/^(\[\s*\])?$/.test(Policies.trim())) refuse("InvalidPolicyTypeException", "Berth has no parameter policies.");
  if (DataType !== "text") {
    const words = `The following data type is not supported: ${DataType}`;
    refuse("ValidationException", `${words} (Data type names are all lowercase.)`);
  }
  const opened = Value.indexOf("{{");
  if (opened >= 0 && Value.includes("}}", opened)) {
    const text = 'Parameter value can\'t nest another parameter. Do not use "{{}}" in the value.';
    refuse("ValidationException", text);
  }
}

function typeOf({ Type }: PutParameterRequest, before: ParameterVersion | null): ParameterType {
  // AWS: both texts.
  if (before === null) {
    return Type ?? refuse("ValidationException", "A parameter type is required when you create a parameter.");
  }
  if (Type !== undefined && Type !== before.type) {
    const text =
      "Parameter Store doesn't support changing a parameter type in a hierarchy. For example, you can't change a parameter from a String type to a SecureString type. You must create a new, unique parameter.";
    refuse("HierarchyTypeMismatchException", text);
  }
  return before.type;
}

/** The tier of a new version. AWS: it never goes down; the texts. */
function tierOf({ Tier, Value }: PutParameterRequest, before: ParameterVersion | null): ParameterTier {
  const bytes = new TextEncoder().encode(Value).length;
  if (Tier === "Standard" && before?.tier === "Advanced") {
    const text =
      "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced parameter and recreate it as a standard parameter.";
    refuse("ValidationException", text);
  }
  const fitting = bytes > valueBytesMax.Standard ? "Advanced" : "Standard";
  const wanted = Tier === "Intelligent-Tiering" ? fitting : (Tier ?? "Standard");
  const tier = before?.tier === "Advanced" ? "Advanced" : wanted;
  if (bytes <= valueBytesMax[tier]) return tier;
  const most = `${tier} tier parameters support a maximum parameter value of ${valueBytesMax[tier]} characters.`;
  if (tier === "Advanced") refuse("ValidationException", most);
  const advice =
    "To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html";
  return refuse("ValidationException", `${most} ${advice}`);
}

/** AWS: the oldest of a hundred versions goes, unless it has a label; the text. */
function makeRoom({ state }: ParametersStep, { name }: ParameterVersion): void {
  const all = state.versionsOf(name);
  const [oldest] = all;
  if (oldest === undefined || all.length < versionsMax) return;
  if (oldest.labels.length > 0) {
    const words = `You attempted to create a new version of ${name} by calling the PutParameter API with the overwrite flag.`;
    const why = `Version ${oldest.version}, the oldest version, can't be deleted because it has a label associated with it.`;
    const advice = "Move the label to another version of the parameter, and try again.";
    refuse("ParameterMaxVersionLimitExceeded", `${words} ${why} ${advice}`);
  }
  state.versions.delete(oldest.key);
}
