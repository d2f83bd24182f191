import type { CreatedKey, ListedKey, Rotation } from "./access-keys.ts";
import type { KeyRequest } from "./key-request.ts";

/** What can be done with access keys, by whoever holds the store or through the server that does. As `AccessKeys` has it. */
export interface KeyAdministration {
  createKey(request: KeyRequest): Promise<CreatedKey>;
  rotateKey(accessKeyId: string, rotation: Rotation): Promise<CreatedKey | null>;
  listKeys(): ListedKey[] | Promise<ListedKey[]>;
  deleteKey(accessKeyId: string): Promise<boolean>;
}

/** A call over the socket: one line of JSON, answered by one. */
export type KeyCall = { readonly call: keyof KeyAdministration; readonly arguments: readonly unknown[] };

/** `refusal` is the text of an AccessKeyError, `failure` that of anything else. */
export type KeyAnswer = { readonly value: unknown } | { readonly refusal: string } | { readonly failure: string };
