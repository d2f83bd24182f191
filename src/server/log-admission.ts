/** LIMIT: how often it looks at the load; a flood that begins in between goes on for that long. */
const lookMs = 100;
/** LIMIT: so many other calls per second are a control plane at work. Below, logs may have what the process can do. */
const otherCallsPerSecond = 20;
/** LIMIT: an event loop that is busy for more of its time than this makes callers wait. */
const busyShare = 0.7;
/**
 * LIMIT: what logs get of the main thread's work while the control plane is busy. The store's thread works some three times as long on
 * another processor.
 */
const contendedShare = 0.04;
/** What a batch costs the main thread, measured: to read it, to check its signature, to pass it on and to answer. */
const batchMs = 0.3;
const megabyteMs = 4.2;
/** LIMIT: unused allowance is kept for this long, so that a quiet second makes no flood. */
const savedMs = 500;

export type AdmissionOptions = {
  /** Milliseconds from any start. */
  readonly stopwatch: () => number;
  /** The share of its time that the event loop was busy since the last call of this. */
  readonly utilization: () => number;
  /** Milliseconds that the processor worked for this thread so far. On a busy machine that is less than the time. */
  readonly threadCpuMs: () => number;
  /** How many calls were answered so far, those with log events included. */
  readonly calls: () => number;
};

/** Decides which batches of log events are let in: all of them, unless other calls need the event loop and the processor. */
export class LogAdmission {
  readonly #options: AdmissionOptions;
  #lookedAt: number;
  #callsBefore = 0;
  /** Batches that were answered since the last look, refused ones included. */
  #answered = 0;
  #isContended = false;
  /** Milliseconds of work that logs may still cost while it is contended. Below zero after a large batch. */
  #allowanceMs = 0;
  #cpuBefore: number;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#lookedAt = options.stopwatch();
    this.#cpuBefore = options.threadCpuMs();
  }

  /** To be called when a batch that was let in has its answer, so that it does not pass for another call. */
  answered(): void {
    this.#answered += 1;
  }

  /** Whether a batch of this size is let in now. To be called once for each. */
  admits(bytes: number): boolean {
    const now = this.#options.stopwatch();
    const elapsed = now - this.#lookedAt;
    if (elapsed >= lookMs) this.#look(now, elapsed);
    if (!this.#isContended) return true;
    if (this.#allowanceMs <= 0) {
      this.answered();
      return false;
    }
    this.#allowanceMs -= batchMs + (bytes / 1_048_576) * megabyteMs;
    return true;
  }

  #look(now: number, elapsed: number): void {
    const calls = this.#options.calls();
    const others = ((calls - this.#callsBefore - this.#answered) / elapsed) * 1_000;
    this.#isContended = others > otherCallsPerSecond && this.#options.utilization() > busyShare;
    const cpu = this.#options.threadCpuMs();
    this.#allowanceMs = Math.min(
      savedMs * contendedShare,
      this.#allowanceMs + (cpu - this.#cpuBefore) * contendedShare,
    );
    this.#cpuBefore = cpu;
    this.#callsBefore = calls;
    this.#answered = 0;
    this.#lookedAt = now;
  }
}
