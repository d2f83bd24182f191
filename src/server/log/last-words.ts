import type { Duplex } from "node:stream";

/** LIMIT: how long the last bytes on a connection may take to leave; they are few. */
const farewellMs = 5_000;

/** Sends a complete response on a bare socket and closes it, even if the other end doesn't read. */
export function answerAndClose(socket: Duplex, status: string, contentType: string, body: string): void {
  if (!socket.writable || socket.writableLength > 0) {
    // A response in the middle of another one would be taken for part of it.
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
