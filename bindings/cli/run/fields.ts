/** What stands between the fields of a line; blanks are any number of them. */
export type Delimiter = "," | ";" | "\t" | " ";

/** A number as people and programs write it. */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** What programs write where a number is missing or none: it stands among data, never among names. */
const MISSING = /^([+-]?(nan|inf(inity)?)|na|n\/a|null|none|)$/i;

/** Takes the quotes of a field away, and the blanks around it. */
const bare = (field: string) =>
  field.trim().replace(/^"(.*)"$/, (_, text: string) => text.replaceAll('""', '"'));

/** The delimiter of a table, from its first line: a semicolon or tab is never part of a number, as a comma may be. */
export function delimiterOf(line: string): Delimiter {
  const outside = line.replace(/"[^"]*"/g, "");
  return ([";", "\t", ","] as const).find((delimiter) => outside.includes(delimiter)) ?? " ";
}

/** The fields of a line, without quotes and the blanks around them. */
export function fieldsOf(line: string, delimiter: Delimiter): string[] {
  if (delimiter === " ") return line.trim().split(/\s+/).map(bare);
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

/** Whether a field of the first line is data: a number, or what stands for one that is missing. */
export function isNumber(field: string): boolean {
  return MISSING.test(field) || NUMBER.test(field.replace(",", "."));
}

/** The number of a field, in which a comma may be the decimal point unless it is the delimiter; undefined if it is none. */
export function numberOf(field: string, delimiter: Delimiter): number | undefined {
  const text = delimiter === "," ? field : field.replace(",", ".");
  return NUMBER.test(text) ? Number(text) : undefined;
}
