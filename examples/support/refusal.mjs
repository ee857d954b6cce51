import { LmuError } from "lmu-wasm";

/** What a caller did wrong: an HTTP status, and a stable code as those of LmuError are. */
export class Refusal extends Error {
  constructor(status, code, message) {
    super(message);
    Object.assign(this, { status, code });
  }

  /** @returns the refusal that an error stands for; undefined if the caller cannot help it */
  static of(error) {
    if (error instanceof Refusal) return error;
    if (error instanceof LmuError) {
      const status = error.code.startsWith("snapshot-") ? 409 : 422;
      return new Refusal(status, error.code, error.message);
    }
    // Arguments of the wrong kind or length, and texts that are no JSON.
    const isArgument = [TypeError, RangeError, SyntaxError].some((type) => error instanceof type);
    return isArgument ? new Refusal(422, "input-invalid", error.message) : undefined;
  }
}
