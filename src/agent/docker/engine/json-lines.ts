/** LIMIT: an event or a line of progress has a few hundred bytes, one with many labels a few thousand. */
const lineBytesMax = 4 * 1024 * 1024;

/**
 * The JSON objects of a stream: one per line or (from Podman) without separators. Throws an Error if a line is longer than any
 * that an engine sends, and a SyntaxError if one is not JSON.
 */
export async function* jsonLines(stream: AsyncIterable<Uint8Array | string>): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    rest += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
    const lines = rest.split(/\r?\n/);
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") yield JSON.parse(line);
    if (rest.length > lineBytesMax) throw new Error("the engine sent a line without end");
  }
  if (rest.trim() !== "") yield JSON.parse(rest);
}
