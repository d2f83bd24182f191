import type { DocumentKind } from "./document-kind.ts";

/** RegisterContainerInstance's client token (key: the token). */
export type RegistrationToken = { readonly token: string; readonly instanceId: string; readonly expiresAt: number };

export const registrationTokenKind: DocumentKind<RegistrationToken> = {
  name: "registration-token",
  keyMember: null,
  version: 1,
  shape: { instanceId: "string", expiresAt: "number" },
  /** Then it is forgotten. */
  dueAt: ({ expiresAt }) => expiresAt,
};
