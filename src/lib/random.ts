/** A stream of pseudo-random draws. Equal seeds give equal streams. */
export interface RandomStream {
  /** An integer in 0 .. 2^32-1. */
  uint32(): number;
  /** An integer in 0 .. limit-1. */
  below(limit: number): number;
  /** `digits` lower-case hex digits. */
  hex(digits: number): string;
  /** A version 4 UUID with dashes. */
  uuid(): string;
  /** True with probability `p`. */
  chance(p: number): boolean;
}

/** The interface to chance: one named stream per purpose, so that a new draw in one place changes no draw in another. */
export interface Random {
  stream(name: string): RandomStream;
}

/** Streams that depend only on `seed` (any text) and their name. */
export function seededRandom(seed: string): Random {
  const streams = new Map<string, RandomStream>();
  return {
    stream(name) {
      let stream = streams.get(name);
      if (stream === undefined) {
        stream = new Sfc32(`${seed}/${name}`);
        streams.set(name, stream);
      }
      return stream;
    },
  };
}

const twoDigits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** sfc32, a small generator of good quality with 128 bits of state. Not for secrets. */
class Sfc32 implements RandomStream {
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  constructor(seed: string) {
    const [a, b, c, d] = hash128(seed);
    this.#a = a;
    this.#b = b;
    this.#c = c;
    this.#counter = d;
    for (let i = 0; i < 12; i++) this.uint32();
  }

  uint32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  below(limit: number): number {
    return Math.floor((this.uint32() / 0x1_0000_0000) * limit);
  }

  hex(digits: number): string {
    let text = "";
    while (text.length < digits) {
      const word = this.uint32();
      // By table, because toString(16) with padding takes ten times as long, and every task draws several ids.
      text += twoDigits[word >>> 24];
      text += twoDigits[(word >>> 16) & 0xff];
      text += twoDigits[(word >>> 8) & 0xff];
      text += twoDigits[word & 0xff];
    }
    return text.slice(0, digits);
  }

  uuid(): string {
    const h = this.hex(32);
    const variant = ((Number.parseInt(h.charAt(16), 16) & 0x3) | 0x8).toString(16);
    return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-${variant}${h.slice(17, 20)}-${h.slice(20, 32)}`;
  }

  chance(p: number): boolean {
    return this.uint32() / 0x1_0000_0000 < p;
  }
}

/** Four 32-bit words from a text (cyrb128). */
function hash128(text: string): [number, number, number, number] {
  let [h1, h2, h3, h4] = [1779033703, 3144134277, 1013904242, 2773480762];
  for (let i = 0; i < text.length; i++) {
    const k = text.charCodeAt(i);
    h1 = h2 ^ Math.imul(h1 ^ k, 597399067);
    h2 = h3 ^ Math.imul(h2 ^ k, 2869860233);
    h3 = h4 ^ Math.imul(h3 ^ k, 951274213);
    h4 = h1 ^ Math.imul(h4 ^ k, 2716044179);
  }
  h1 = Math.imul(h3 ^ (h1 >>> 18), 597399067);
  h2 = Math.imul(h4 ^ (h2 >>> 22), 2869860233);
  h3 = Math.imul(h1 ^ (h3 >>> 17), 951274213);
  h4 = Math.imul(h2 ^ (h4 >>> 19), 2716044179);
  const mix = h1 ^ h2 ^ h3 ^ h4;
  return [mix >>> 0, (h2 ^ mix) >>> 0, (h3 ^ mix) >>> 0, (h4 ^ mix) >>> 0];
}
