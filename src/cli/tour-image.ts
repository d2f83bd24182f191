import { readFileSync } from "node:fs";
import { request } from "node:http";

/** Where Debian's busybox-static installs it: a program that needs nothing else in its image. */
const busyboxPath = "/bin/busybox";
const page = "A container says hello.\n";

export const tourImage = {
  name: `berth-tour/web:${process.pid}`,
  page,
  command: ["/busybox", "httpd", "-f", "-p", "80", "-h", "/"],
};

/** Why the tour cannot make its image for the engine at `address`, or null. */
export function whyNoImage(address: string): string | null {
  if (!address.startsWith("unix://")) return `the engine at ${address} is on another machine`;
  try {
    readFileSync(busyboxPath);
    return null;
  } catch {
    return `there is no ${busyboxPath} to build an image from (Debian: busybox-static)`;
  }
}

/** An engine, by its socket. */
export class TourEngine {
  readonly #socketPath: string;

  constructor(address: string) {
    this.#socketPath = address.replace("unix://", "");
  }

  /** Builds the image: one program, also as its shell, and one page. */
  async makeImage(): Promise<void> {
    const busybox = readFileSync(busyboxPath);
    const archive = Buffer.concat([
      ...tarEntry("busybox", busybox, "0755"),
      ...tarEntry("bin/sh", busybox, "0755"),
      ...tarEntry("index.html", Buffer.from(page), "0644"),
      Buffer.alloc(1_024),
    ]);
    const [repo = "", tag = ""] = tourImage.name.split(":");
    await this.#call("POST", `/images/create?fromSrc=-&repo=${encodeURIComponent(repo)}&tag=${tag}`, archive);
  }

  async removeImage(): Promise<void> {
    await this.#call("DELETE", `/images/${tourImage.name}?force=1`);
  }

  async removeContainer(id: string): Promise<void> {
    await this.#call("DELETE", `/containers/${id}?force=1&v=1`);
  }

  #call(method: string, path: string, body: Buffer | null = null): Promise<void> {
    const headers = body === null ? {} : { "content-type": "application/x-tar", "content-length": body.length };
    return new Promise((resolve, reject) => {
      const call = request({ socketPath: this.#socketPath, method, path, headers }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("error", reject);
        response.on("end", () => {
          if ((response.statusCode ?? 500) < 300) resolve();
          else reject(new Error(`The engine answers ${method} ${path} with ${response.statusCode}: ${text.trim()}`));
        });
      });
      call.on("error", reject);
      call.end(body ?? undefined);
    });
  }
}

/** A file in POSIX tar: a header of 512 bytes, the content, padding. */
function tarEntry(name: string, content: Buffer, mode: string): readonly Buffer[] {
  const header = Buffer.alloc(512);
  const octal = (value: number): string => `${value.toString(8).padStart(11, "0")}\0`;
  header.write(name, 0);
  header.write(`000${mode}\0`, 100);
  header.write("0000000\0", 108);
  header.write("0000000\0", 116);
  header.write(octal(content.length), 124);
  header.write(octal(0), 136);
  header.write("        0", 148);
  header.write("ustar\u000000", 257);
  const sum = header.reduce((all, byte) => all + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
}
