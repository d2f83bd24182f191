/** Headers that go on with a message that is passed on, and those that belong to one connection. */

/** RFC 9110 7.6.1, and what older software sends beside it. */
const hopByHop: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Names and values in turn, as node:http gives and takes them. */
export type RawHeaders = readonly string[];

/** The headers of a message without those of its connection and without `dropped`, in their order and letters. */
export function passedHeaders(raw: RawHeaders, dropped: ReadonlySet<string> = new Set()): string[] {
  const named = connectionOptions(raw);
  const passed: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const [name = "", value = ""] = [raw[i], raw[i + 1]];
    const lower = name.toLowerCase();
    if (!hopByHop.has(lower) && !named.has(lower) && !dropped.has(lower)) passed.push(name, value);
  }
  return passed;
}

/** What a `Connection` header names is of that connection too. */
function connectionOptions(raw: RawHeaders): ReadonlySet<string> {
  const named = new Set<string>();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if (raw[i]?.toLowerCase() !== "connection") continue;
    for (const option of (raw[i + 1] ?? "").split(",")) named.add(option.trim().toLowerCase());
  }
  // It frames the body, and a request that names it here would be read in another way by the companion.
  named.delete("content-length");
  named.delete("host");
  return named;
}
