import type { Duplex } from "node:stream";

/** LIMIT: how long the last bytes on a connection may take to leave; they are few. */
const farewellMs = 5_000;

/** Answers with a whole response on a bare socket and closes it, also when the other end does not read. */
export function answerAndClose(socket: Duplex, status: string, contentType: string, body: string): void {
  if (!socket.writable || socket.writableLength > 0) {
    // An answer in the middle of another one would be taken for a part of it.
    socket.destroy();
    return;
  }
  const head = [
    `HTTP/1.1 ${status}`,
    "connection: close",
    `content-type: ${contentType}`,
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  const cut = setTimeout(() => socket.destroy(), farewellMs).unref();
  socket.once("close", () => clearTimeout(cut));
  socket.once("finish", () => socket.destroy());
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
