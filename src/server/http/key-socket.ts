/**
 * The Unix socket over which `berth keys` changes the access keys of a running server. It is in the data directory and only its owner
 * may open it. Anyone who can open it can read the store too, so it asks for no other proof.
 */
import { chmodSync, closeSync, openSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { Rotation } from "../../auth/access-keys.ts";
import type { KeyAdministration, KeyAnswer, KeyCall } from "../../auth/key-administration.ts";
import { AccessKeyError, type KeyRequest } from "../../auth/key-request.ts";
import type { ServerLog } from "../log/log.ts";

/** LIMIT: the largest call names 20 clusters with 255 characters each. */
const callBytesMax = 65_536;
/** LIMIT: people type these commands, and a script runs a few at once. */
const connectionsMax = 16;
/** LIMIT: a call arrives in one piece, and its append takes milliseconds. */
const idleTimeoutMs = 10_000;
/** LIMIT: the operating system's, for the path of a socket: 108 bytes on Linux, 104 on macOS. */
const socketPathBytesMax = 103;

export type KeySocket = { close(): Promise<void> };

/** A path that opens the socket of `dataDir`, however long the directory's name is. Call `release` when done with it. */
export function keySocketPath(dataDir: string): { readonly path: string; release(): void } {
  const path = join(dataDir, "keys.sock");
  if (Buffer.byteLength(path) <= socketPathBytesMax || process.platform !== "linux") return { path, release() {} };
  const directory = openSync(dataDir, "r");
  return { path: `/proc/self/fd/${directory}/keys.sock`, release: () => closeSync(directory) };
}

/** Listens on the key socket of a data directory that this process holds. If that fails, the log says so and nothing listens. */
export async function openKeySocket(dataDir: string, keys: KeyAdministration, log: ServerLog): Promise<KeySocket> {
  const { path, release } = keySocketPath(dataDir);
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    serve(socket, keys, log);
  });
  server.maxConnections = connectionsMax;
  try {
    // Left by a process that was killed: whoever holds the directory owns the name.
    rmSync(path, { force: true });
    await listenPrivately(server, path);
  } catch (error) {
    release();
    log.write("key-socket-unavailable", { err: error });
    return { close: async () => {} };
  }
  return {
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of open) socket.destroy();
      await closed;
      release();
    },
  };
}

/** Node creates the file inside `listen`, so the mask applies to it and nobody else can open it in between. */
async function listenPrivately(server: Server, path: string): Promise<void> {
  const listening = new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", resolve);
  });
  const mask = process.umask(0o177);
  try {
    server.listen(path);
  } finally {
    process.umask(mask);
  }
  await listening;
  chmodSync(path, 0o600);
}

function serve(socket: Socket, keys: KeyAdministration, log: ServerLog): void {
  let text = "";
  socket.setEncoding("utf8");
  socket.setTimeout(idleTimeoutMs, () => socket.destroy());
  // A command that was interrupted.
  socket.on("error", () => {});
  socket.on("data", (chunk: string) => {
    text += chunk;
    if (text.length > callBytesMax) socket.destroy();
    if (!text.includes("\n")) return;
    socket.removeAllListeners("data");
    void answer(text.slice(0, text.indexOf("\n")), keys, log).then((reply) => {
      socket.end(`${JSON.stringify(reply)}\n`);
    });
  });
}

/** Never rejects. */
async function answer(line: string, keys: KeyAdministration, log: ServerLog): Promise<KeyAnswer> {
  try {
    return { value: await call(JSON.parse(line) as KeyCall, keys, log) };
  } catch (error) {
    if (error instanceof AccessKeyError) return { refusal: error.message };
    log.write("key-change-failed", { err: error });
    return { failure: error instanceof Error ? error.message : "unknown" };
  }
}

async function call(
  { call: name, arguments: given }: KeyCall,
  keys: KeyAdministration,
  log: ServerLog,
): Promise<unknown> {
  const [first, second] = given;
  switch (name) {
    case "createKey": {
      const created = await keys.createKey(first as KeyRequest);
      const { accessKeyId, account, userName, role, clusters } = created;
      log.write("key-created", { accessKeyId, account, userName, role, clusters });
      return created;
    }
    case "rotateKey": {
      const created = await keys.rotateKey(String(first), second as Rotation);
      const fields = { accessKeyId: String(first), newAccessKeyId: created?.accessKeyId ?? null };
      log.write("key-rotated", fields);
      return created;
    }
    case "listKeys":
      return await keys.listKeys();
    case "deleteKey": {
      const isDeleted = await keys.deleteKey(String(first));
      if (isDeleted) log.write("key-deleted", { accessKeyId: String(first) });
      return isDeleted;
    }
    default:
      throw new AccessKeyError("This server does not know the call. Is it an older version?");
  }
}
