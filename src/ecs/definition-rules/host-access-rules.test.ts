import assert from "node:assert/strict";
import { test } from "node:test";
import { SmallAccount } from "../small-account.ts";

const volumes = [{ name: "v" }];

/** The refusal of a registration without its code; `accepted` if there is none. */
function verdict(container: object, more: object = {}): string {
  const containerDefinitions = [{ name: "app", image: "busybox", memory: 64, ...container }];
  const request = { family: "web", containerDefinitions, volumes, ...more };
  return new SmallAccount().refusal("RegisterTaskDefinition", request).replace(/^ClientException: /, "");
}

const mounted = (containerPath: string) => ({ mountPoints: [{ sourceVolume: "v", containerPath }] });
const windows = { runtimePlatform: { operatingSystemFamily: "WINDOWS_SERVER_2022_CORE" } };

const notPaths = [
  "relative",
  "./a",
  "../a",
  " /a",
  "C:\\a",
  "/a:ro",
  "/a:/b",
  "/a:rshared,z",
  ":",
  "/a\n",
  "/a\u0000/b",
];

test("paths must be absolute and contain no colon that options could follow", () => {
  const places: readonly (readonly [string, (path: string) => string])[] = [
    ["Container.mountPoints.containerPath", (path) => verdict(mounted(path))],
    ["Volume.host.sourcePath", (sourcePath) => verdict({}, { volumes: [{ name: "v", host: { sourcePath } }] })],
    [
      "Container.linuxParameters.devices.hostPath",
      (hostPath) => verdict({ linuxParameters: { devices: [{ hostPath }] } }),
    ],
    [
      "Container.linuxParameters.devices.containerPath",
      (containerPath) => verdict({ linuxParameters: { devices: [{ hostPath: "/dev/null", containerPath }] } }),
    ],
    [
      "Container.linuxParameters.tmpfs.containerPath",
      (containerPath) => verdict({ linuxParameters: { tmpfs: [{ containerPath, size: 1 }] } }),
    ],
  ];
  for (const [what, refusalOf] of places) {
    for (const path of notPaths) {
      assert.match(
        refusalOf(path),
        new RegExp(`^${what} (must be an absolute path without ':'|contains invalid characters)\\.$`),
        JSON.stringify(path),
      );
    }
    for (const path of ["/a", "/", "/a b/c", "/a,b", "/a/../b"]) assert.equal(refusalOf(path), "accepted", what + path);
  }
  assert.equal(verdict({}, { volumes: [{ name: "v", host: { sourcePath: "" } }] }), "accepted", "an empty volume");
});

test("Windows paths may have a drive, and no other colon", () => {
  for (const path of ["C:\\data", "D:/data", "\\data", "\\\\.\\pipe\\docker_engine"]) {
    assert.equal(verdict(mounted(path), windows), "accepted", path);
  }
  for (const path of ["C:data", "C:\\data:ro", "data", "CC:\\data"]) {
    assert.match(verdict(mounted(path), windows), /containerPath must be an absolute path/, path);
  }
});

test("tmpfs options and device permissions must be known to AWS, one each", () => {
  const tmpfs = (...mountOptions: string[]) =>
    verdict({ linuxParameters: { tmpfs: [{ containerPath: "/t", size: 1, mountOptions }] } });
  assert.equal(tmpfs("noexec", "ro", "mode=1777", "uid=1000", "mpol=bind:0-3"), "accepted");
  for (const option of ["", "size=1m", "noexec,bind", "device=/etc", "MODE=1"]) {
    assert.match(tmpfs(option), /tmpfs\.mountOptions should be one of/, option);
  }
  assert.match(tmpfs("mode=1,bind"), /tmpfs\.mountOptions contains invalid characters/);
  const device = (...permissions: string[]) =>
    verdict({ linuxParameters: { devices: [{ hostPath: "/dev/null", permissions }] } });
  assert.equal(device("read", "write", "mknod"), "accepted");
  assert.match(device("rwm"), /devices\.permissions should be one of/);
});

test("names and addresses contain no separators", () => {
  const awkward: readonly (readonly [object, RegExp])[] = [
    [{ extraHosts: [{ hostname: "a:1.2.3.4", ipAddress: "1.1.1.1" }] }, /extraHosts\.hostname contains/],
    [{ extraHosts: [{ hostname: "a", ipAddress: "1.1.1.1\n6.6.6.6 bank" }] }, /extraHosts\.ipAddress contains/],
    [{ hostname: "a\nb" }, /hostname contains/],
    [{ user: "a b" }, /user contains/],
    [{ workingDirectory: "/a\u0000b" }, /workingDirectory contains/],
    [{ dnsServers: ["1.1.1.1\nnameserver 6.6.6.6"] }, /dnsServers contains/],
    [{ dnsSearchDomains: ["a b"] }, /dnsSearchDomains contains/],
    [{ dockerSecurityOptions: ["no-new-privileges label:disable"] }, /dockerSecurityOptions contains/],
    [
      { systemControls: [{ namespace: "net./../kernel.core_pattern", value: "|/x" }] },
      /systemControls\.namespace contains/,
    ],
    [{ dockerLabels: { "a\nb": "c" } }, /dockerLabels contains/],
    [{ dockerLabels: { "": "c" } }, /dockerLabels key should not be null or empty/],
    [{ extraHosts: [{ hostname: "a" }] }, /extraHosts\.ipAddress should not be null or empty/],
    [{ extraHosts: [{ ipAddress: "1.1.1.1" }] }, /extraHosts\.hostname should not be null or empty/],
    [{ environment: [{ name: "A=B", value: "c" }] }, /environment\.name must not contain '='/],
    [{ environment: [{ name: "A\u0000", value: "c" }] }, /environment\.name must not contain/],
    [{ environment: [{ name: "A", value: "c\u0000d" }] }, /environment\.value must not contain NUL/],
  ];
  for (const [container, message] of awkward) assert.match(verdict(container), message, JSON.stringify(container));
  const plain = {
    extraHosts: [{ hostname: "db.internal", ipAddress: "fd00::1" }],
    hostname: "web-1",
    user: "1000:1000",
    workingDirectory: "/srv/a b",
    dnsServers: ["10.0.0.2", "fd00::2"],
    dnsSearchDomains: ["example.org"],
    dockerSecurityOptions: ["no-new-privileges"],
    dockerLabels: { "com.example/team": "web\nand more" },
    environment: [{ name: "A", value: "b=c\nd" }],
  };
  assert.equal(verdict(plain), "accepted");
});

test("the name of an EFS file system contains no options", () => {
  const efs = (more: object) =>
    verdict({}, { volumes: [{ name: "v", efsVolumeConfiguration: { fileSystemId: "fs-1", ...more } }] });
  assert.equal(efs({ rootDirectory: "/a/b" }), "accepted");
  assert.match(efs({ rootDirectory: "/a,tls" }), /rootDirectory contains/);
  assert.match(efs({ fileSystemId: "fs-1:/x" }), /fileSystemId contains/);
});
