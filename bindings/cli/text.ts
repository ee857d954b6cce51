/** A number with thousands set apart. */
export function count(value: number): string {
  return value.toLocaleString("en-US");
}

/** Rows as an aligned table; the first `texts` columns are texts, the others numbers. */
export function table(rows: readonly (readonly string[])[], texts: number): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const cell = (text: string, column: number) =>
    column < texts ? text.padEnd(widths[column]!) : text.padStart(widths[column]!);
  return rows.map((row) => row.map(cell).join("  ").trimEnd()).join("\n");
}
