import { checkMembers } from "../service-machine/member-rules.ts";
import type { ServiceGiven } from "../service-machine/service-operation.ts";
import { refuse } from "./secrets-refusal.ts";
import type { SecretsStep } from "./secrets-state.ts";

type GetRandomPasswordRequest = {
  readonly PasswordLength?: number;
  readonly ExcludeCharacters?: string;
  readonly ExcludeNumbers?: boolean;
  readonly ExcludePunctuation?: boolean;
  readonly ExcludeUppercase?: boolean;
  readonly ExcludeLowercase?: boolean;
  readonly IncludeSpace?: boolean;
  readonly RequireEachIncludedType?: boolean;
};

/** AWS: the characters of each type. */
const lowercase = "abcdefghijklmnopqrstuvwxyz";
const digits = "0123456789";
const punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

/** A password that nobody can guess; nothing is kept of it. */
export function getRandomPassword(_step: SecretsStep, request: GetRandomPasswordRequest, given: ServiceGiven): object {
  checkMembers(request, {
    PasswordLength: { type: "number", min: 1, max: 4_096 },
    ExcludeCharacters: { type: "text", min: 0, max: 4_096 },
  });
  const { PasswordLength: length = 32, RequireEachIncludedType: eachType = true } = request;
  const types = allowedTypes(request);
  if (types.length === 0) refuse("InvalidParameterException", "Your exclusions leave no characters for a password.");
  if (eachType && length < types.length) {
    refuse("InvalidParameterException", `A password with each type of character has at least ${types.length}.`);
  }
  const draw = drawFrom(given.ports.randomBytes);
  const all = types.join("");
  const characters = eachType ? types.map((type) => draw(type)) : [];
  while (characters.length < length) characters.push(draw(all));
  return { RandomPassword: shuffled(characters, draw).join("") };
}

function allowedTypes(request: GetRandomPasswordRequest): readonly string[] {
  const excluded = new Set(request.ExcludeCharacters ?? "");
  const types: [string, boolean | undefined][] = [
    [lowercase, request.ExcludeLowercase],
    [lowercase.toUpperCase(), request.ExcludeUppercase],
    [digits, request.ExcludeNumbers],
    [punctuation, request.ExcludePunctuation],
    [" ", request.IncludeSpace !== true],
  ];
  return types
    .filter(([, isExcluded]) => isExcluded !== true)
    .map(([type]) => [...type].filter((character) => !excluded.has(character)).join(""))
    .filter((type) => type !== "");
}

type Draw = (from: string) => string;

/** Draws a character from a text, each as likely as the others: a byte beyond the last whole multiple is drawn again. */
function drawFrom(randomBytes: (count: number) => Uint8Array): Draw {
  return (from) => {
    const limit = 256 - (256 % from.length);
    for (;;) {
      const [byte = 0] = randomBytes(1);
      if (byte < limit) return from.charAt(byte % from.length);
    }
  };
}

/** By a random key before each, so that those of each type aren't always the first. */
function shuffled(characters: readonly string[], draw: Draw): readonly string[] {
  const key = (): string => Array.from({ length: 8 }, () => draw(lowercase)).join("");
  return characters
    .map((character) => [key(), character] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, character]) => character);
}
