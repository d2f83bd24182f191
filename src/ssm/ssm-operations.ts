/** The operations of SSM that Berth answers: those of parameters. */
import type { Place } from "../ecs/arn.ts";
import type { ServiceRow } from "../service-machine/service-operation.ts";
import { deleteParameter, deleteParameters } from "./delete-parameters.ts";
import { describeParameters } from "./describe-parameters.ts";
import { getParameter, getParameters } from "./get-parameter.ts";
import { getParameterHistory } from "./get-parameter-history.ts";
import { getParametersByPath } from "./get-parameters-by-path.ts";
import { labelParameterVersion, unlabelParameterVersion } from "./parameter-labels.ts";
import { addTagsToResource, listTagsForResource, removeTagsFromResource } from "./parameter-tags.ts";
import { parameterArn } from "./parameters-state.ts";
import { putParameter } from "./put-parameter.ts";

const named = (text: string, place: Place): string => (text.startsWith("arn:") ? text : parameterArn(place, text));
const byName = ({ Name }: { readonly Name?: string }, place: Place): readonly string[] =>
  Name === undefined ? [] : [named(Name, place)];
const byNames = ({ Names = [] }: { readonly Names?: readonly string[] }, place: Place): readonly string[] =>
  Names.map((name) => named(name, place));
const byPath = ({ Path }: { readonly Path?: string }, place: Place): readonly string[] =>
  Path === undefined ? [] : [named(Path, place)];
const byResource = ({ ResourceId }: { readonly ResourceId?: string }, place: Place): readonly string[] =>
  ResourceId === undefined ? [] : [named(ResourceId, place)];

/** What reads values is for those who may run tasks, not for everybody who may look. */
const readsValues = { machine: "service", access: "operate", tasks: true } as const;
const changes = { machine: "service", access: "operate" } as const;
const reads = { machine: "service", access: "read" } as const;

const ofTags = ["InternalServerError", "InvalidResourceId", "InvalidResourceType"] as const;
const ofLabels = ["InternalServerError", "ParameterNotFound", "ParameterVersionNotFound", "TooManyUpdates"] as const;
const ofFilters = [
  "InternalServerError",
  "InvalidFilterKey",
  "InvalidFilterOption",
  "InvalidFilterValue",
  "InvalidNextToken",
] as const;
const noReferences =
  "Public parameters (`/aws/service/...`) and references to Secrets Manager (`/aws/reference/...`) are not there.";

export const ssmOperations = {
  AddTagsToResource: {
    ...changes,
    handler: addTagsToResource,
    resources: byResource,
    errors: [...ofTags, "TooManyTagsError", "TooManyUpdates"],
    missing: "Only of parameters.",
  },
  DeleteParameter: {
    ...changes,
    handler: deleteParameter,
    resources: byName,
    errors: ["InternalServerError", "ParameterNotFound"],
  },
  DeleteParameters: { ...changes, handler: deleteParameters, resources: byNames, errors: ["InternalServerError"] },
  DescribeParameters: {
    ...reads,
    handler: describeParameters,
    errors: ofFilters,
    missing: "There is no filter by policies, and no parameter is shared with another account.",
  },
  GetParameter: {
    ...readsValues,
    handler: getParameter,
    resources: byName,
    errors: ["InternalServerError", "InvalidKeyId", "ParameterNotFound", "ParameterVersionNotFound"],
    missing: noReferences,
  },
  GetParameterHistory: {
    ...readsValues,
    handler: getParameterHistory,
    resources: byName,
    errors: ["InternalServerError", "InvalidKeyId", "InvalidNextToken", "ParameterNotFound"],
  },
  GetParameters: {
    ...readsValues,
    handler: getParameters,
    resources: byNames,
    errors: ["InternalServerError", "InvalidKeyId"],
    missing: noReferences,
  },
  GetParametersByPath: {
    ...readsValues,
    handler: getParametersByPath,
    resources: byPath,
    errors: [...ofFilters, "InvalidKeyId"],
    missing: noReferences,
  },
  LabelParameterVersion: {
    ...changes,
    handler: labelParameterVersion,
    resources: byName,
    errors: [...ofLabels, "ParameterVersionLabelLimitExceeded"],
  },
  ListTagsForResource: {
    ...reads,
    handler: listTagsForResource,
    resources: byResource,
    errors: ofTags,
    missing: "Only of parameters.",
  },
  PutParameter: {
    ...changes,
    handler: putParameter,
    resources: byName,
    errors: [
      "HierarchyLevelLimitExceededException",
      "HierarchyTypeMismatchException",
      "IncompatiblePolicyException",

      "InternalServerError",
      "InvalidAllowedPatternException",
      "InvalidKeyId",
      "InvalidPolicyAttributeException",
      "InvalidPolicyTypeException",
      "ParameterAlreadyExists",
      "ParameterLimitExceeded",
      "ParameterMaxVersionLimitExceeded",
      "ParameterPatternMismatchException",
      "PoliciesLimitExceededException",
      "TooManyUpdates",
      "UnsupportedParameterType",
    ],
    missing:
      "Policies and data types other than `text` are refused. `KeyId` is kept and shown, and has no effect: Berth seals every value with a key of its own, because it has no KMS.",
  },
  RemoveTagsFromResource: {
    ...changes,
    handler: removeTagsFromResource,
    resources: byResource,
    errors: [...ofTags, "TooManyUpdates"],
    missing: "Only of parameters.",
  },
  UnlabelParameterVersion: {
    ...changes,
    handler: unlabelParameterVersion,
    resources: byName,
    errors: ofLabels,
  },
} as const satisfies Readonly<Record<string, ServiceRow>>;
