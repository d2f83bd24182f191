import type { CreatedKey, ListedKey, Rotation } from "./access-keys.ts";
import type { KeyRequest } from "./key-request.ts";

/** Operations on access keys, on the store itself (`AccessKeys`) or through the server that holds it. */
export interface KeyAdministration {
  createKey(request: KeyRequest): Promise<CreatedKey>;
  rotateKey(accessKeyId: string, rotation: Rotation): Promise<CreatedKey | null>;
  listKeys(): ListedKey[] | Promise<ListedKey[]>;
  deleteKey(accessKeyId: string): Promise<boolean>;
}

/** A call over the key socket: one line of JSON, answered with one line. */
export type KeyCall = { readonly call: keyof KeyAdministration; readonly arguments: readonly unknown[] };

/** `refusal` is the message of an AccessKeyError, `failure` that of any other error. */
export type KeyAnswer = { readonly value: unknown } | { readonly refusal: string } | { readonly failure: string };
