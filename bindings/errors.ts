/** Stable names of what can go wrong; programs switch on these, people read the message. */
export type LmuErrorCode =
  | "source-unreadable" // file, URL or stream that gives no bytes
  | "format-unknown" // bytes of no known format
  | "format-invalid" // a known format, broken
  | "layer-unsupported" // a layer this runtime cannot run
  | "option-unsupported" // a layer option this runtime cannot run
  | "description-invalid" // a model description that contradicts itself
  | "tensor-missing"
  | "tensor-invalid" // wrong shape, type or values
  | "model-too-large"
  | "input-invalid" // not finite, or a token outside the vocabulary
  | "not-streamable" // a model that needs the whole sequence
  | "disposed"
  | "worker-failed"
  | "worklet-failed"
  | "wasm-unavailable";

/**
 * What every failure of this library throws, but for wrong arguments (TypeError, RangeError) and a caller's own abort
 * reason. After a throw everything is as it was.
 */
export class LmuError extends Error {
  /** Stable identifier of the failure. */
  readonly code: LmuErrorCode;

  constructor(code: LmuErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "LmuError";
    this.code = code;
  }
}

/** Throws a RangeError `Cannot <action>: <name> has <got>, expected <want>` unless length is as wanted. */
export function expectLength(action: string, name: string, length: number, wanted: number): void {
  if (length !== wanted) {
    throw new RangeError(`Cannot ${action}: ${name} has ${length} values, expected ${wanted}`);
  }
}

/** Throws a RangeError unless value is an integer within low … high. */
export function expectInteger(
  action: string,
  name: string,
  value: unknown,
  low: number,
  high: number = Number.MAX_SAFE_INTEGER,
): asserts value is number {
  if (!Number.isInteger(value) || (value as number) < low || (value as number) > high) {
    const upper = high === Number.MAX_SAFE_INTEGER ? "" : ` to ${high}`;
    throw new RangeError(
      `Cannot ${action}: ${name} is ${String(value)}, expected an integer from ${low}${upper}`,
    );
  }
}
