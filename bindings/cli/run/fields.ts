/** What stands between the fields of a line; blanks are any number of them, and nothing where a line is one field. */
export type Delimiter = "," | ";" | "\t" | " " | "";

/** A number as people and programs write it. */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** What programs write where a number is missing or none: it stands among data, never among names. */
const MISSING = /^([+-]?(nan|inf(inity)?)|na|n\/a|null|none|)$/i;

/** Takes the quotes of a field away, and the blanks around it. */
const bare = (field: string) =>
  field.trim().replace(/^"(.*)"$/, (_, text: string) => text.replaceAll('""', '"'));

/**
 * The delimiter of a table, from its first line: a semicolon or tab is never part of a number, as a comma may be. Blanks may
 * be part of the only name, so there the next line decides.
 */
export function delimiterOf(line: string, next = line): Delimiter {
  const outside = line.replace(/"[^"]*"/g, "");
  const found = ([";", "\t", ","] as const).find((delimiter) => outside.includes(delimiter));
  return found ?? (/\s/.test(next.trim()) ? " " : "");
}

/** The fields of a line, without quotes and the blanks around them. */
export function fieldsOf(line: string, delimiter: Delimiter): string[] {
  if (delimiter === " ") return line.trim().split(/\s+/).map(bare);
  if (delimiter === "") return [bare(line)];
  if (!line.includes('"')) return line.split(delimiter).map((field) => field.trim());
  const fields = [""];
  let isQuoted = false;
  for (const letter of line) {
    if (letter === '"') isQuoted = !isQuoted;
    if (letter === delimiter && !isQuoted) fields.push("");
    else fields[fields.length - 1] += letter;
  }
  return fields.map(bare);
}

/**
 * Whether fields of the first line are names. They are data if all are numbers, or if some are and what is none, dates
 * or labels, stands above others of its kind.
 */
export function areNames(fields: readonly string[], next: readonly string[] | undefined): boolean {
  if (!fields.some(isNumber)) return true;
  return fields.some((field, i) => !isNumber(field) && isNumber(next?.[i] ?? ""));
}

/** Whether a field is data: a number, or what stands for one that is missing. */
function isNumber(field: string): boolean {
  return MISSING.test(field) || NUMBER.test(field.replace(",", "."));
}

/** The number of a field, in which a comma may be the decimal point unless it is the delimiter; undefined if it is none. */
export function numberOf(field: string, delimiter: Delimiter): number | undefined {
  const text = delimiter === "," ? field : field.replace(",", ".");
  return NUMBER.test(text) ? Number(text) : undefined;
}
