import { type ExecFileException, execFile } from "node:child_process";

/** The GPUs of a host. */
export type Gpus = { readonly ids: readonly string[]; readonly driverVersion: string | null };

/** LIMIT: nvidia-smi answers in a second or two, even when it has to load the driver. */
const askTimeoutMs = 10_000;

/** The errors for a program that is not on the PATH. The second one comes if this user may not search a folder of the PATH. */
const notThere: readonly unknown[] = ["ENOENT", "EACCES"];

/** Asks `nvidia-smi` for the GPUs. A host without that program has none. Rejects if it exists but fails. */
export async function findGpus(program = "nvidia-smi"): Promise<Gpus> {
  const answer = await new Promise<string | null>((resolve, reject) => {
    const words = ["--query-gpu=uuid,driver_version", "--format=csv,noheader"];
    execFile(program, words, { timeout: askTimeoutMs }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if ("code" in error && notThere.includes(error.code)) resolve(null);
      else reject(new Error(`${program} failed (${whyOf(error, stdout, stderr)})`, { cause: error }));
    });
  });
  return answer === null ? { ids: [], driverVersion: null } : gpusIn(answer);
}

/** On one line. The program writes errors to its standard output. */
function whyOf({ code, killed }: ExecFileException, stdout: string, stderr: string): string {
  const said = `${stdout} ${stderr}`.replace(/\s+/g, " ").trim();
  return killed === true ? `no answer within ${askTimeoutMs / 1_000} s` : said || `exit code ${code}`;
}

/** Reads lines such as `GPU-8f1c…, 550.54.15`. */
export function gpusIn(answer: string): Gpus {
  const rows = answer.split("\n").flatMap((line) => {
    const [id = "", driverVersion = ""] = line.split(",").map((cell) => cell.trim());
    return id.startsWith("GPU-") ? [{ id, driverVersion }] : [];
  });
  return { ids: rows.map(({ id }) => id), driverVersion: rows[0]?.driverVersion || null };
}
