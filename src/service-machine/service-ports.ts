/** What services need from outside their rules. The process gives it; the simulator and tests give others. */

/** Credentials that Berth itself accepts until they expire. */
export type SessionCredentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
};

/** Who somebody is who calls with such credentials. */
export type Session = {
  readonly account: string;
  /** Such as `arn:aws:sts::123456789012:assumed-role/deploy/ci`. */
  readonly principalArn: string;
  /** Epoch milliseconds, a whole second. */
  readonly expiresAt: number;
  /** Tells apart sessions that are otherwise equal. */
  readonly nonce: string;
};

/** Keeps the values of secrets unreadable at rest. */
export type ValueSeal = {
  /** Seals a text. It can only be unsealed with the same `context`, which is not secret. */
  readonly seal: (text: string, context: string) => string;
  /** The sealed text; null for one that another key sealed, or that was changed. */
  readonly unseal: (sealed: string, context: string) => string | null;
};

export type ServicePorts = {
  /**
   * A unique id of a user (`AIDA`) or a role (`AROA`), which is always the same for the same ARN. AWS: 21 characters.
   */
  readonly principalId: (prefix: "AIDA" | "AROA", arn: string) => string;
  /** Makes the credentials of a session; null where nobody may assume a role. */
  readonly credentialsOf: ((session: Session) => SessionCredentials) | null;
  /** Seals values; null where there is no key that lasts as long as the store. */
  readonly values: ValueSeal | null;
  /** Bytes that nobody can predict, for passwords. */
  readonly randomBytes: (count: number) => Uint8Array;
};
