import { brief, LmuError } from "../../errors.js";

/** The config.json of a Hugging Face folder, or of ours: what a network is whose tensors stand beside it. */
export type Config = Readonly<Record<string, unknown>>;

/**
 * A configuration that says which network it is of.
 *
 * @param value - parsed, or its text; anything
 */
export function networkConfig(value: unknown): Config | undefined {
  let config = value;
  if (typeof config === "string") {
    try {
      config = JSON.parse(config) as unknown;
    } catch {
      return undefined;
    }
  }
  const isNamed = typeof (config as Config | null | undefined)?.["model_type"] === "string";
  return isNamed ? (config as Config) : undefined;
}

/** An integer above 0, which must be that of the tensors where they tell. */
export function count(config: Config, field: string, found?: number): number {
  const value = config[field];
  const isCount = Number.isSafeInteger(value) && (value as number) > 0;
  if (!isCount || (found !== undefined && value !== found)) {
    refuse(config, field, found === undefined ? "a count from 1" : `${found}, as the tensors have`);
  }
  return value as number;
}

/** One of a few values, the first of them where the field is missing. */
export function choice<T>(config: Config, field: string, ...choices: readonly [T, ...T[]]): T {
  const value = (config[field] ?? choices[0]) as T;
  if (!choices.includes(value)) refuse(config, field, choices.map((one) => brief(one)).join(", "));
  return value;
}

/** @throws LmuError option-unsupported */
export function refuse(config: Config, field: string, want: string): never {
  throw new LmuError(
    "option-unsupported",
    `Cannot load the model: config.json of ${brief(config["model_type"])} has ${field} ${brief(config[field])}, expected ${want}`,
  );
}
