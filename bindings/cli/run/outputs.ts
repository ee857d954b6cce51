import { printable } from "../text.js";
import type { Target } from "../target.js";

/** Writes rows of outputs as they come. */
export interface Outputs {
  /** Whole rows. */
  write(rows: Float32Array): Promise<void>;
  /** No more rows come: of so many sequences, so many rows each. */
  end(sequences: number, rows: number): Promise<void>;
}

/** What rows look like. */
export interface Look {
  readonly width: number;
  /** Whether columns have names. */
  readonly hasHeader: boolean;
  /** Names of the outputs: the one of the largest stands before each row. */
  readonly labels: readonly string[] | undefined;
}

/** Lines of numbers between commas. */
export function csvOutputs(target: Target, look: Look): Outputs {
  const { width, hasHeader, labels } = look;
  const names = Array.from({ length: width }, (_, i) => labels?.[i] ?? `output_${i}`);
  const head = [...(labels ? ["label"] : []), ...names].map(quoted).join(",");
  let before = hasHeader || labels ? `${head}\n` : "";
  return {
    write: (rows) => {
      const text = linesOf(rows, look, (numbers, label) =>
        [...(label === undefined ? [] : [quoted(label)]), ...numbers.map(shortest)].join(","),
      ).join("\n");
      const bytes = Buffer.from(text ? `${before}${text}\n` : before);
      before = "";
      return target.write(bytes);
    },
    end: () => target.write(Buffer.from(before)),
  };
}

/** One JSON object; what it says of the whole stands after the rows. */
export function jsonOutputs(target: Target, look: Look, facts: () => object): Outputs {
  let before = '{"outputs":[';
  return {
    write: async (rows) => {
      const texts = linesOf(rows, look, (numbers, label) => {
        const list = `[${numbers.map(jsonNumber).join(",")}]`;
        return label === undefined
          ? list
          : `{"label":${printable(JSON.stringify(label))},"output":${list}}`;
      });
      if (texts.length === 0) return;
      await target.write(Buffer.from(before + texts.join(",")));
      before = ",";
    },
    end: () => {
      const rest = JSON.stringify(facts()).slice(1);
      return target.write(Buffer.from(`${before === "," ? "" : before}],${printable(rest)}\n`));
    },
  };
}

/** Bytes of the header: the most that any shape takes, so that it can be written when the shape is known. */
const HEADER = 128;

/** An array of f32: [rows, width], or [sequences, rows, width] of several. */
export function npyOutputs(target: Target, { width }: Look): Outputs {
  let begun: Promise<void> | undefined;
  const begin = () => (begun ??= target.write(new Uint8Array(HEADER)));
  return {
    write: async (rows) => {
      await begin();
      await target.write(new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength));
    },
    end: async (sequences, rows) => {
      await begin();
      const shape = sequences === 1 ? [rows, width] : [sequences, rows, width];
      const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(", ")}), }`;
      const header = Buffer.alloc(HEADER, " ");
      header.write("\u0093NUMPY\u0001\u0000", 0, "latin1");
      header.writeUInt16LE(HEADER - 10, 8);
      header.write(text, 10, "latin1");
      header[HEADER - 1] = 0x0a;
      await target.begin(header);
    },
  };
}

function linesOf(
  rows: Float32Array,
  { width, labels }: Look,
  line: (numbers: number[], label: string | undefined) => string,
): string[] {
  return Array.from({ length: rows.length / width }, (_, row) => {
    const numbers = [...rows.subarray(row * width, (row + 1) * width)];
    return line(numbers, labels?.[numbers.indexOf(Math.max(...numbers))]);
  });
}

/** The fewest digits that are this f32 again. */
export function shortest(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  for (let digits = 6; digits < 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return String(Number(text));
  }
  return String(Number(value.toPrecision(9)));
}

function jsonNumber(value: number): string {
  return Number.isFinite(value) ? shortest(value) : "null";
}

/** A field of a table; line ends in a name would begin another row. */
function quoted(text: string): string {
  const clean = printable(text);
  return /[",;\t ]/.test(clean) ? `"${clean.replaceAll('"', '""')}"` : clean;
}
