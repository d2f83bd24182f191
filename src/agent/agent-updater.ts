/** What StageUpdate and PerformUpdate do on a host. */
export interface AgentUpdater {
  /** Fetches a version. Gives its number, or why it cannot be had. */
  stage(
    location: string,
    signature: string,
  ): Promise<{ readonly ok: true; readonly version: string } | { readonly ok: false; readonly reason: string }>;
}

/** Fetches nothing: the version is the one that the location names. */
export const simulatedUpdater: AgentUpdater = {
  stage(location) {
    const version = /(\d+\.\d+\.\d+)/.exec(location)?.[1];
    return Promise.resolve(
      version === undefined
        ? { ok: false, reason: `Unable to download: no version in ${location}` }
        : { ok: true, version },
    );
  },
};
