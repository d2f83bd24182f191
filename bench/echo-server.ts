import { createServer } from "node:http";

// The baseline of our figures: node:http reading a body and answering with the given number of bytes.
const answerBytes = Number(process.argv[2] ?? 100);
const answer = Buffer.alloc(answerBytes, "x");
const server = createServer((request, response) => {
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
  });
  request.on("end", () => {
    response.writeHead(200, {
      "content-type": "application/x-amz-json-1.1",
      "content-length": answer.length,
      "x-bytes": bytes,
    });
    response.end(answer);
  });
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(`${JSON.stringify({ port: typeof address === "object" ? address?.port : 0 })}\n`);
});
process.on("SIGTERM", () => process.exit(0));
