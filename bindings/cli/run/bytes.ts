import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { STANDARD } from "../input.js";

/** Bytes that are asked of a file at a time. */
const PIECE = 1 << 16;

/** The bytes of a file or of the standard input, in order, each once. */
export class Bytes {
  /** Name for messages. */
  readonly name: string;
  /** Bytes in all, where the file has a length. */
  readonly total: number | undefined;
  readonly #source: AsyncIterator<Buffer>;
  /** What has been read and not been taken. */
  #rest: Buffer = Buffer.alloc(0);
  #taken = 0;

  private constructor(name: string, total: number | undefined, source: AsyncIterator<Buffer>) {
    this.name = name;
    this.total = total;
    this.#source = source;
  }

  /** Opens a file. @throws Error with the code of the system if it cannot be read */
  static async open(path: string): Promise<Bytes> {
    if (path === STANDARD) {
      const input = process.stdin[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
      return new Bytes("the standard input", undefined, input);
    }
    const found = await stat(path);
    const stream = createReadStream(path, { highWaterMark: PIECE });
    const total = found.isFile() ? found.size : undefined;
    return new Bytes(path, total, stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>);
  }

  /** Bytes taken so far. */
  get taken(): number {
    return this.#taken;
  }

  /** The next bytes, which stay to be taken: as many, or all there are. */
  async peek(length: number): Promise<Buffer> {
    while (this.#rest.length < length && (await this.#more()));
    return this.#rest.subarray(0, length);
  }

  /** Takes so many bytes, or all there are. */
  async take(length: number): Promise<Buffer> {
    const bytes = await this.peek(length);
    this.#rest = this.#rest.subarray(bytes.length);
    this.#taken += bytes.length;
    return bytes;
  }

  /** Takes what has come, at least a byte unless the end is reached, and no more than so many. */
  async some(most = Infinity): Promise<Buffer> {
    if (this.#rest.length === 0) await this.#more();
    return this.take(Math.min(most, this.#rest.length));
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#source.next();
    if (done) return false;
    this.#rest = this.#rest.length ? Buffer.concat([this.#rest, value]) : value;
    return true;
  }
}
