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

export type ServicePorts = {
  /**
   * A unique id of a user (`AIDA`) or a role (`AROA`), which is always the same for the same ARN. AWS: 21 characters.
   */
  readonly principalId: (prefix: "AIDA" | "AROA", arn: string) => string;
  /** Makes the credentials of a session; null where nobody may assume a role. */
  readonly credentialsOf: ((session: Session) => SessionCredentials) | null;
};
