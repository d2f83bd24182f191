/**
 * A text that is equal for calls with equal parameters, whatever the order of their members. The token itself is left out,
 * and the cluster: a token belongs to one, which may be named in several ways.
 */
export function fingerprint(request: { readonly clientToken?: string; readonly [parameter: string]: unknown }): string {
  const { clientToken: _token, cluster: _cluster, ...parameters } = request;
  return JSON.stringify(parameters, (_key, value: unknown) => {
    if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
