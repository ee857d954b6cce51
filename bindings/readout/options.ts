import { expectInteger, expectOptions, typeOf } from "../errors.js";

/** Options of {@link Readout}. */
export interface ReadoutOptions {
  /** Numbers that a prediction is made from: 1 to 4,095. */
  features: number;
  /** Numbers that are predicted. @defaultValue 1 */
  targets?: number | undefined;
  /** Whether a constant is learned beside the weights, which ridge leaves alone. @defaultValue true */
  intercept?: boolean | undefined;
  /**
   * Penalty on the squares of the weights, in squares of the features; 0 or more. It is renewed as samples are forgotten.
   *
   * @defaultValue 1e-6
   */
  ridge?: number | undefined;
  /**
   * λ, above 0 and up to 1: a sample counts λ times as much with every one that follows, so that some 1 / (1 - λ) are
   * remembered. 1 forgets none.
   *
   * @defaultValue 1
   */
  forgetting?: number | undefined;
}

/** All that a readout is made with. */
export interface Settings {
  readonly features: number;
  readonly targets: number;
  readonly intercept: boolean;
  readonly ridge: number;
  readonly forgetting: number;
}

/** Numbers of R and Z: 128 MB. */
const MOST_NUMBERS = 2 ** 24;

/** @throws TypeError, RangeError if an option is unknown, of the wrong kind or out of range */
export function settingsOf(action: string, options: ReadoutOptions): Settings {
  expectOptions(action, options, ["features", "targets", "intercept", "ridge", "forgetting"]);
  const { features, targets = 1, intercept = true, ridge = 1e-6, forgetting = 1 } = options;
  if (typeof intercept !== "boolean") {
    throw new TypeError(`Cannot ${action}: intercept is ${typeOf(intercept)}, expected a boolean`);
  }
  expectInteger(action, "features", features, 1, 4095);
  const size = features + Number(intercept);
  expectInteger(action, "targets", targets, 1, Math.floor(MOST_NUMBERS / size) - size);
  // As large as the square of a feature may be.
  expectNumber(action, "ridge", ridge, ridge >= 0 && ridge < 1e76, "from 0");
  expectNumber(
    action,
    "forgetting",
    forgetting,
    forgetting > 0 && forgetting <= 1,
    "above 0, to 1",
  );
  return { features, targets, intercept, ridge, forgetting };
}

function expectNumber(
  action: string,
  name: string,
  value: unknown,
  isRight: boolean,
  wanted: string,
): void {
  if (typeof value === "number" && isRight) return;
  throw new RangeError(`Cannot ${action}: ${name} is ${String(value)}, expected one ${wanted}`);
}
