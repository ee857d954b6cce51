import { brief } from "../../errors.js";
import type { Bytes } from "./bytes.js";
import { areNames, type Delimiter, delimiterOf, fieldsOf, numberOf } from "./fields.js";
import { lines } from "./lines.js";
import { type Chunk, CHUNK_ROWS, type Signal, unreadable, type Wanted } from "./signal.js";

/*
 * Tables of numbers as text: separated by commas, semicolons, tabs or blanks, with or without names above. Rows are counted as
 * a spreadsheet counts them: from 1, names included.
 */

interface Line {
  readonly row: number;
  readonly text: string;
}

/** Opens a table. @throws LmuError format-invalid */
export async function readCsv(bytes: Bytes, wanted: Wanted): Promise<Signal> {
  const source = lines(bytes);
  const first = await nextOf(source);
  if (!first) unreadable(bytes.name, "it has no row, expected rows of numbers");
  const second = await nextOf(source);
  const delimiter = delimiterOf(first.text, second?.text);
  const fields = fieldsOf(first.text, delimiter);
  const names = areNames(fields, second && fieldsOf(second.text, delimiter)) ? fields : undefined;
  if (names && !second) unreadable(bytes.name, "it has names alone, expected rows of numbers");
  const columns = columnsOf(bytes.name, names, fields.length, wanted);
  const table = new Table(bytes.name, delimiter, fields.length, columns, names);
  return {
    hasHeader: names !== undefined,
    ...{ sequences: 1, steps: undefined },
    rows: () => table.rows(preceded([names ? undefined : first, second], source)),
  };
}

/** The next line, but for the one with which Excel is told the delimiter. */
async function nextOf(source: AsyncGenerator<Line, void, undefined>): Promise<Line | undefined> {
  const { value } = await source.next();
  return value?.row === 1 && /^sep=.$/i.test(value.text) ? nextOf(source) : (value ?? undefined);
}

async function* preceded(
  first: readonly (Line | undefined)[],
  rest: AsyncIterable<Line>,
): AsyncGenerator<Line> {
  for (const line of first) if (line) yield line;
  yield* rest;
}

/** Which columns are read, from 0. */
function columnsOf(
  name: string,
  names: readonly string[] | undefined,
  count: number,
  { columns, width }: Wanted,
): number[] {
  const all = names ? ` (${names.slice(0, 20).map(brief).join(", ")})` : "";
  const found = columns?.map((column) => {
    const at = names?.includes(column) ? names.indexOf(column) : Number(column) - 1;
    if (Number.isInteger(at) && at >= 0 && at < count) return at;
    return unreadable(name, `it has no column ${brief(column)}, expected one of ${count}${all}`);
  });
  const chosen = found ?? Array.from({ length: count }, (_, column) => column);
  if (chosen.length === width) return chosen;
  const hint = columns ? "" : `: choose with --columns`;
  const which = columns ? "--columns names" : "it has";
  const own = columns ? "" : all;
  return unreadable(name, `${which} ${chosen.length} columns${own}, expected ${width}${hint}`);
}

/** How lines become numbers. */
class Table {
  readonly #name: string;
  readonly #delimiter: Delimiter;
  readonly #count: number;
  readonly #columns: readonly number[];
  readonly #names: readonly string[] | undefined;

  constructor(
    name: string,
    delimiter: Delimiter,
    count: number,
    columns: readonly number[],
    names: readonly string[] | undefined,
  ) {
    this.#name = name;
    this.#delimiter = delimiter;
    this.#count = count;
    this.#columns = columns;
    this.#names = names;
  }

  async *rows(source: AsyncIterable<Line>): AsyncGenerator<Chunk> {
    const width = this.#columns.length;
    const values = new Float64Array(CHUNK_ROWS * width);
    const rows = new Float64Array(CHUNK_ROWS);
    let filled = 0;
    const chunk = (): Chunk => ({
      values: values.subarray(0, filled * width),
      place: (i) => this.#place(rows[Math.floor(i / width)]!, this.#columns[i % width]!),
    });
    for await (const { row, text } of source) {
      this.#read(row, text, values, filled * width);
      rows[filled++] = row;
      if (filled < CHUNK_ROWS) continue;
      yield chunk();
      filled = 0;
    }
    if (filled > 0) yield chunk();
  }

  #read(row: number, text: string, values: Float64Array, at: number): void {
    const fields = fieldsOf(text, this.#delimiter);
    if (fields.length !== this.#count) {
      const count = `${fields.length} columns`;
      unreadable(this.#name, `row ${row} has ${count}, expected ${this.#count} as the first row`);
    }
    for (const [i, column] of this.#columns.entries()) {
      const value = numberOf(fields[column]!, this.#delimiter);
      if (value === undefined) {
        const found = fields[column] === "" ? "empty" : brief(fields[column]);
        unreadable(this.#name, `${this.#place(row, column)} is ${found}, expected a number`);
      }
      values[at + i] = value;
    }
  }

  #place(row: number, column: number): string {
    const name = this.#names?.[column];
    return `row ${row}, column ${column + 1}${name ? ` (${brief(name)})` : ""}`;
  }
}
