/*
 * All that the command prints goes through here. Names and texts come from files of strangers, and a terminal obeys
 * control characters: they could move the cursor, rename the window, or forge a line that says all is well.
 */

/** Characters that steer a terminal or reorder a line: C0, DEL, C1, line separators, zero-width and bidi controls, half pairs. */
const STEERING =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Characters of a line of text; what is longer is cut. */
const MAX_LINE = 1000;

/** A text of one line with steering characters spelt out, as JSON spells them: \u001b. */
export function printable(text: string): string {
  return text.replace(
    STEERING,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A text of one line, printable and of readable length. */
function line(text: string): string {
  const clean = printable(text.slice(0, MAX_LINE));
  return text.length > MAX_LINE ? `${clean}…` : clean;
}

/** Prints lines; to the error stream where the output is a file. */
export function print(lines: readonly string[], to: NodeJS.WritableStream = process.stdout): void {
  to.write(lines.map((text) => `${line(text)}\n`).join(""));
}

/** Prints a piece of a text as it comes: line ends and tabs are part of it. */
export function printPiece(text: string): void {
  const parts = text.split(/([\n\t])/);
  process.stdout.write(parts.map((part, i) => (i % 2 ? part : printable(part))).join(""));
}

/** Prints a value as one line of JSON. */
export function printJson(value: unknown, to: NodeJS.WritableStream = process.stdout): void {
  to.write(`${printable(JSON.stringify(value))}\n`);
}

/** A number with thousands set apart. */
export function count(value: number): string {
  return value.toLocaleString("en-US");
}

/** Rows as aligned lines; the first `texts` columns are texts, the others numbers. */
export function table(rows: readonly (readonly string[])[], texts: number): string[] {
  const cells = rows.map((row) => row.map(line));
  const widths = cells[0]!.map((_, column) =>
    cells.reduce((width, row) => Math.max(width, row[column]!.length), 0),
  );
  const aligned = (text: string, column: number) =>
    column < texts ? text.padEnd(widths[column]!) : text.padStart(widths[column]!);
  return cells.map((row) => row.map(aligned).join("  ").trimEnd());
}

/** Words in lines of at most so many characters, the first and the others with their indents. */
export function wrap(text: string, width: number, indent = "", first = indent): string[] {
  const lines: string[] = [];
  let line = "";
  const lead = () => (lines.length ? indent : first);
  for (const word of text.split(" ")) {
    if (line && lead().length + line.length + 1 + word.length > width) {
      lines.push(lead() + line);
      line = "";
    }
    line += line ? ` ${word}` : word;
  }
  return line ? [...lines, lead() + line] : lines;
}

/** The middle of a text left out where it is longer than so many characters. */
export function shortened(text: string, length: number): string {
  if (text.length <= length) return text;
  const end = Math.floor((length - 1) / 2);
  return `${text.slice(0, length - 1 - end)}…${text.slice(text.length - end)}`;
}
