import { readFile } from "node:fs/promises";
import { LmuError } from "../../errors.js";
import type { Result } from "./result.js";

/** What was printed with `--json`. @throws LmuError format-invalid */
export async function readResult(path: string): Promise<Result> {
  const text = await readFile(path, "utf8");
  try {
    const result = JSON.parse(text) as Result;
    const isResult = result.figures.every(
      ({ name, rounds }) => typeof name === "string" && rounds.length > 0 && rounds.every(isTime),
    );
    if (isResult) return result;
  } catch {
    // Said below.
  }
  throw new LmuError(
    "format-invalid",
    `Cannot compare: ${path} is something else, expected what bench --json printed`,
  );
}

const isTime = (value: unknown) => typeof value === "number" && value > 0;
