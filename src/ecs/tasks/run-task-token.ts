/** A text that is equal for calls with equal parameters, whatever the order of their members; the token itself is left out. */
export function fingerprint(request: { readonly clientToken?: string; readonly [parameter: string]: unknown }): string {
  const { clientToken: _, ...parameters } = request;
  return JSON.stringify(parameters, (_key, value: unknown) => {
    if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
