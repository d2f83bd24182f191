/** Support for tests that need a container engine: whether there is one, and a small image of their own in it. */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { DockerEngine } from "../../src/agent/docker/engine/docker-engine.ts";

const busyboxPath = "/bin/busybox";

/** Programs of busybox that the tests' containers use. */
const applets =
  "sh cat chmod date dd df echo env false grep head hostname httpd id ip kill ls mkdir nc ps sleep stat tail test touch trap true wc wget".split(
    " ",
  );

/** False, or why tests with real containers are skipped here, for the option `skip` of a test. */
export async function whyNoDocker(): Promise<string | false> {
  if (!existsSync(busyboxPath)) return `${busyboxPath} is missing: install busybox-static`;
  const docker = new DockerEngine(process.env.DOCKER_HOST ?? "");
  try {
    const { OSType } = await docker.info({ timeoutMs: 5_000 });
    return OSType === undefined || OSType === "linux" ? false : `the engine runs ${OSType} containers`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    docker.close();
  }
}

/** An engine with a private image of busybox. */
export class DockerHost {
  readonly docker: DockerEngine;
  /** Unique. Names of what a test creates begin with it. */
  readonly tag: string;
  readonly image: string;

  private constructor(docker: DockerEngine, tag: string) {
    this.docker = docker;
    this.tag = tag;
    this.image = `berth-test/busybox:${tag}`;
  }

  /** `command` is what a container of the image does by default. */
  static async open({
    dockerHost = process.env.DOCKER_HOST ?? "",
    command = ["/bin/sh"],
  }: {
    readonly dockerHost?: string;
    readonly command?: readonly string[];
  } = {}): Promise<DockerHost> {
    const docker = new DockerEngine(dockerHost);
    const host = new DockerHost(docker, `t${randomBytes(6).toString("hex")}`);
    const archive = await busyboxArchive();
    await docker.importImage(archive, "berth-test/busybox", host.tag, [
      "ENV PATH=/bin",
      `CMD ${JSON.stringify(command)}`,
    ]);
    return host;
  }

  /** Removes the image, and every container and volume with a label whose value contains the tag. */
  async close(): Promise<void> {
    const { docker } = this;
    for (const { Id, Labels } of await docker.listContainers({})) {
      if (Object.values(Labels ?? {}).some((value) => value.includes(this.tag))) {
        await docker.removeContainer(Id).catch(() => {});
      }
    }
    for (const { Name, Labels } of await docker.listVolumes({})) {
      const isOurs = Name.includes(this.tag) || Object.values(Labels ?? {}).some((value) => value.includes(this.tag));
      if (isOurs) await docker.removeVolume(Name).catch(() => {});
    }
    await docker.removeImage(this.image).catch(() => {});
    docker.close();
  }
}

/** A root file system as a tar archive: busybox, its programs as links to it, and what a shell expects. */
export async function busyboxArchive(): Promise<Buffer> {
  const blocks: Buffer[] = [];
  for (const folder of ["bin/", "tmp/", "etc/"]) blocks.push(header(folder, 0, "5"));
  const busybox = await readFile(busyboxPath);
  blocks.push(header("bin/busybox", busybox.length, "0"), busybox, Buffer.alloc((512 - (busybox.length % 512)) % 512));
  for (const applet of applets) blocks.push(header(`bin/${applet}`, 0, "2", "busybox"));
  const passwd = Buffer.alloc(512);
  const line = "root:x:0:0:root:/:/bin/sh\n";
  passwd.write(line);
  blocks.push(header("etc/passwd", line.length, "0"), passwd, Buffer.alloc(1_024));
  return Buffer.concat(blocks);
}

/** A header of the POSIX tar format. `kind` 0 is a file, 2 a symbolic link, 5 a folder. */
function header(name: string, size: number, kind: "0" | "2" | "5", target = ""): Buffer {
  const block = Buffer.alloc(512);
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, "0")}\0`;
  block.write(name, 0);
  block.write(octal(name === "tmp/" ? 0o1777 : 0o755, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(size, 11), 124);
  block.write(octal(0, 11), 136);
  block.write("        ", 148);
  block.write(kind, 156);
  block.write(target, 157);
  block.write("ustar\u000000", 257);
  const sum = block.reduce((all, byte) => all + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}
