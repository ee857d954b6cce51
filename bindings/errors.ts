/** Stable names of what can go wrong; programs switch on these, people read the message. */
export type LmuErrorCode =
  /** A file, URL or stream that gives no bytes. */
  | "source-unreadable"
  /** More bytes to hold in memory at once than the option `maxBytes` lets, or than the engine gives. */
  | "source-too-large"
  /** Bytes of no known format. */
  | "format-unknown"
  /** A known format, broken. */
  | "format-invalid"
  /** A layer this runtime cannot run. */
  | "layer-unsupported"
  /** A layer option this runtime cannot run. */
  | "option-unsupported"
  /** A model description, or a list of layers, that contradicts itself or says too little. */
  | "description-invalid"
  /** A tensor that a layer needs and the file has not. */
  | "tensor-missing"
  /** A tensor of wrong shape, type or values. */
  | "tensor-invalid"
  /** More memory than wasm can address, or than the engine gives. */
  | "model-too-large"
  /** An input that is not finite or no token id; a call that does not fit: into an ended stream, a token model as audio. */
  | "input-invalid"
  /** An id that the pool has not given, or of a stream that is closed. */
  | "id-invalid"
  /** A pool in which as many streams are open as it has room for. */
  | "pool-full"
  /** A time between samples that a layer of the model knows nothing of, or no fraction of. */
  | "dt-unsupported"
  /** A stream of a model that needs the whole sequence. */
  | "not-streamable"
  /** What this host does not have: TransformStream, in AudioWorklets. */
  | "host-unsupported"
  /** A snapshot that is broken or was never one; a state that is not finite and cannot be saved. */
  | "snapshot-invalid"
  /** A snapshot of another model: another description, or other weights. */
  | "snapshot-other-model"
  /** A snapshot in a newer form than this version reads. */
  | "snapshot-newer"
  /** A readout whose features do not tell its weights apart. */
  | "readout-singular"
  /** A model, stream or pool that has been disposed. */
  | "disposed"
  /** A worker that could not start, has failed or has been terminated. */
  | "worker-failed"
  /** An AudioWorklet that could not start, share its outputs or take a model over. */
  | "worklet-failed"
  /** No WebAssembly with fixed-width SIMD, or a policy that forbids to compile, or another module than lmu.wasm. */
  | "wasm-unavailable";

/** Characters of a message; whole lists of layers fit. */
const MAX_MESSAGE = 4000;
/** Characters of a value in a message. */
const MAX_VALUE = 200;

/** Gives a class its name back: entries are minified, and hosts print the names of classes. */
export function nameClass(type: object, value: string): void {
  Object.defineProperty(type, "name", { value });
}

/** Marks errors of this library, whichever of its entries they come from: each has the class in a file of its own. */
const BRAND = Symbol.for("lmu-wasm.LmuError");

/**
 * What every failure of this library throws, but for wrong arguments (TypeError, RangeError) and a caller's own abort
 * reason. After a throw everything is as it was. `instanceof` holds across all entries of this library.
 */
export class LmuError extends Error {
  /** Stable identifier of the failure. */
  readonly code: LmuErrorCode;

  static {
    nameClass(this, "LmuError");
  }

  /**
   * An error of this library; programs have no need to make one.
   *
   * @param code - stable identifier of the failure
   * @param message - `Cannot <do>: <name> has <got>, expected <want>`, for people; made safe to print
   * @param options - the cause, if another error led to this one; lines to copy, below the message: names in a message
   * come from files, and could forge a line of their own if line ends in it were let through
   */
  constructor(
    code: LmuErrorCode,
    message: string,
    options: { cause?: unknown; lines?: readonly string[] } = {},
  ) {
    const texts = [message, ...(options.lines ?? [])].map((text) => printable(text, MAX_MESSAGE));
    super(cut(texts.join("\n"), MAX_MESSAGE), options);
    this.name = "LmuError";
    this.code = code;
  }

  /** @internal */
  get [BRAND](): true {
    return true;
  }

  /** @internal */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && BRAND in value;
  }
}

/** Says why a model cannot be loaded. @throws LmuError with that code */
export function cannotLoad(
  problem: string,
  code: LmuErrorCode = "description-invalid",
  cause?: unknown,
): never {
  throw new LmuError(code, `Cannot load the model: ${problem}`, { cause });
}

/**
 * A text that a terminal or a log shows as it is: characters that steer them (control, escape, bidirectional and invisible
 * ones, line ends) as \\u and their code, and what is beyond a length cut off.
 */
function printable(text: string, most: number): string {
  const shown = text
    .slice(0, most + 1)
    .replace(/[\p{C}\u2028\u2029]/gu, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`);
  return cut(shown, most);
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/** A value from a file for a message: cut to a readable length, however long or deep it is. */
export function brief(value: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(value) ?? String(value);
  } catch {
    // Deeper than the stack, or nothing that JSON has words for.
    return `a nested ${typeof value}`;
  }
  return printable(text, MAX_VALUE);
}

/**
 * Throws a RangeError `Cannot <action>: <name> has <got>, expected <want>` unless length is as wanted; said in words, it
 * never is.
 */
export function expectLength(
  action: string,
  name: string,
  length: number,
  wanted: number | string,
): void {
  if (length !== wanted) {
    throw new RangeError(`Cannot ${action}: ${name} has ${length} values, expected ${wanted}`);
  }
}

/** Says that no stream goes by an id. */
export function idInvalid(action: string, id: unknown): LmuError {
  const message = `Cannot ${action}: id is ${brief(id)}, expected that of a stream it has open`;
  return new LmuError("id-invalid", message);
}

/** Says what an argument should have been. @throws RangeError */
export function outOfRange(action: string, name: string, got: unknown, wanted: string): never {
  throw new RangeError(`Cannot ${action}: ${name} is ${String(got)}, expected ${wanted}`);
}

/** Throws a RangeError unless value is an integer within low … high. */
export function expectInteger(
  action: string,
  name: string,
  value: unknown,
  low: number,
  high = Infinity,
): asserts value is number {
  if (!Number.isSafeInteger(value) || (value as number) < low || (value as number) > high) {
    const upper = high < Infinity ? ` to ${high}` : "";
    outOfRange(action, name, value, `an integer from ${low}${upper}`);
  }
}

/** Throws a TypeError unless options is an object that has none but the named ones. */
export function expectOptions(action: string, options: unknown, names: readonly string[]): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`Cannot ${action}: options is ${typeOf(options)}, expected an object`);
  }
  // Object.keys would allocate, in every step that has options.
  for (const name in options) {
    if (names.includes(name) || !Object.hasOwn(options, name)) continue;
    throw new TypeError(`Cannot ${action}: options has ${brief(name)}, expected ${names.join()}`);
  }
}

/** The class or type of a value, for a message. */
export function typeOf(value: unknown): string {
  return value === null
    ? "null"
    : typeof value === "object"
      ? (value.constructor?.name ?? "object")
      : typeof value;
}

/** What an unknown failure says. */
export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
