import { createHmac, type Hmac, hash } from "node:crypto";

type Data = string | ArrayBuffer | ArrayBufferView;

/** SHA-256, or HMAC-SHA-256 with a secret, in the form that the AWS signer accepts. */
export class Sha256 {
  #hmac: Hmac | null;
  #chunks: Uint8Array[] = [];
  readonly #secret: Data | undefined;

  constructor(secret?: Data) {
    this.#secret = secret;
    this.#hmac = null;
    this.reset();
  }

  update(data: Uint8Array): void {
    if (this.#hmac === null) this.#chunks.push(data);
    else this.#hmac.update(data);
  }

  async digest(): Promise<Uint8Array> {
    if (this.#hmac !== null) return this.#hmac.digest();
    // One call for the whole is much faster than a hash object, and the signer passes everything at once.
    const [only, ...more] = this.#chunks;
    const data = only !== undefined && more.length === 0 ? only : Buffer.concat(this.#chunks);
    return hash("sha256", data, "buffer");
  }

  reset(): void {
    this.#chunks = [];
    this.#hmac = this.#secret === undefined ? null : createHmac("sha256", bytesOf(this.#secret));
  }
}

/** The SHA-256 of a text in hexadecimal, in one synchronous call. It depends only on the text, so the rulebook may use it. */
export const sha256Hex = (text: string): string => hash("sha256", text, "hex");

function bytesOf(data: Data): string | Uint8Array {
  if (typeof data === "string") return data;
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return new Uint8Array(data);
}
