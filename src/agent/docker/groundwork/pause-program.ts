/*
 * The program of the pause container, which holds a task's namespaces and does nothing: one small static executable, generated
 * here as bytes, because a host without a registry cannot get one elsewhere.
 */

/** As Docker names them. */
export const pauseArchitectures = ["amd64", "arm64"] as const;
export type PauseArchitecture = (typeof pauseArchitectures)[number];

const elfHeaderBytes = 64;
const programHeaderBytes = 56;
const headerBytes = elfHeaderBytes + programHeaderBytes;
const loadAddress = 0x40_0000;
const entryAddress = loadAddress + headerBytes;
/** `e_machine`: EM_X86_64, EM_AARCH64. */
const machines: Readonly<Record<PauseArchitecture, number>> = { amd64: 0x3e, arm64: 0xb7 };

/** The executable (ELF, 64 bits) for a host of this architecture. */
export function pauseProgram(architecture: PauseArchitecture): Buffer {
  const actionAt = 64 + headerBytes;
  const code = architecture === "amd64" ? amd64Code(loadAddress + actionAt) : arm64Code(loadAddress + actionAt);
  const file = Buffer.alloc(actionAt + sigchldAction.length);
  elfHeader(machines[architecture]).copy(file, 0);
  programHeader(file.length).copy(file, elfHeaderBytes);
  code.copy(file, headerBytes);
  sigchldAction.copy(file, actionAt);
  return file;
}

function elfHeader(machine: number): Buffer {
  const header = Buffer.alloc(elfHeaderBytes);
  // Magic, 64 bits, little endian, version 1, System V.
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]);
  header.writeUInt16LE(2, 16); // ET_EXEC
  header.writeUInt16LE(machine, 18);
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(BigInt(entryAddress), 24);
  header.writeBigUInt64LE(BigInt(elfHeaderBytes), 32);
  header.writeUInt16LE(elfHeaderBytes, 52);
  header.writeUInt16LE(programHeaderBytes, 54);
  header.writeUInt16LE(1, 56);
  return header;
}

/** The one segment: the whole file, readable and executable. */
function programHeader(fileBytes: number): Buffer {
  const header = Buffer.alloc(programHeaderBytes);
  header.writeUInt32LE(1, 0); // PT_LOAD
  header.writeUInt32LE(5, 4); // PF_R | PF_X
  header.writeBigUInt64LE(BigInt(loadAddress), 16);
  header.writeBigUInt64LE(BigInt(loadAddress), 24);
  header.writeBigUInt64LE(BigInt(fileBytes), 32);
  header.writeBigUInt64LE(BigInt(fileBytes), 40);
  header.writeBigUInt64LE(0x1_0000n, 48);
  return header;
}

/**
 * The kernel's `struct sigaction`, the same on both: handler SIG_IGN. With SIGCHLD ignored the kernel reaps the orphans that the
 * first process of a shared PID namespace inherits; otherwise they would stay as zombies.
 */
const sigchldAction = Buffer.from([1, ...new Array<number>(31).fill(0)]);

function amd64Code(action: number): Buffer {
  const address = Buffer.alloc(4);
  address.writeUInt32LE(action);
  return Buffer.from([
    ...[0xb8, 13, 0, 0, 0], // mov eax, 13 (rt_sigaction)
    ...[0xbf, 17, 0, 0, 0], // mov edi, 17 (SIGCHLD)
    ...[0xbe, ...address], // mov esi, action
    ...[0x31, 0xd2], // xor edx, edx
    ...[0x41, 0xba, 8, 0, 0, 0], // mov r10d, 8
    ...[0x0f, 0x05], // syscall
    ...[0xb8, 34, 0, 0, 0], // mov eax, 34 (pause)
    ...[0x0f, 0x05], // syscall
    ...[0xeb, 0xf7], // jmp to the mov before
  ]);
}

function arm64Code(action: number): Buffer {
  const move = (register: number, value: number): number => (0xd280_0000 | (value << 5) | register) >>> 0;
  const moveHigh = (register: number, value: number): number => (0xf2a0_0000 | (value << 5) | register) >>> 0;
  const supervisorCall = 0xd400_0001;
  const words = [
    move(8, 134), // rt_sigaction
    move(0, 17), // SIGCHLD
    move(1, action & 0xffff),
    moveHigh(1, action >>> 16),
    move(2, 0),
    move(3, 8),
    supervisorCall,
    move(8, 73), // ppoll, with nothing to wait for and no timeout
    move(0, 0),
    move(1, 0),
    move(2, 0),
    move(3, 0),
    move(4, 0),
    supervisorCall,
    0x1400_0000 | (-7 & 0x3ff_ffff), // b to the ppoll
  ];
  const code = Buffer.alloc(words.length * 4);
  words.forEach((word, index) => {
    code.writeUInt32LE(word, index * 4);
  });
  return code;
}

/** A tar archive (ustar) with one executable file `name`, dated to the epoch so that the bytes are always the same. */
export function tarOfOne(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(512);
  const octal = (value: number, at: number, digits: number): void => {
    header.write(`${value.toString(8).padStart(digits, "0")}\0`, at, "latin1");
  };
  header.write(name, 0, "latin1");
  octal(0o755, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(content.length, 124, 11);
  octal(0, 136, 11);
  header.write("0", 156, "latin1");
  header.write("ustar\x0000", 257, "latin1");
  header.write(" ".repeat(8), 148, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
  return Buffer.concat([header, content, padding, Buffer.alloc(1_024)]);
}
