import { isSample } from "../../model/ports.js";
import type { Bytes } from "./bytes.js";
import { readCsv } from "./csv.js";
import { readNpySignal } from "./npy.js";
import { type Signal, unreadable, type Wanted } from "./signal.js";
import { readWav } from "./wav.js";

/** Opens a signal; what it is, its first bytes say. @throws LmuError format-invalid */
export async function openSignal(bytes: Bytes, wanted: Wanted): Promise<Signal> {
  const first = (await bytes.peek(6)).toString("latin1");
  const isArray = first === "\u0093NUMPY";
  const read = isArray ? readNpySignal : first.startsWith("RIFF") ? readWav : readCsv;
  return checked(await read(bytes, wanted), bytes, wanted);
}

/** The same signal, whose numbers are such as the model takes. */
function checked(signal: Signal, { name }: Bytes, { vocabulary }: Wanted): Signal {
  const expected =
    vocabulary === undefined ? "a finite 32-bit float" : `a token id below ${vocabulary}`;
  return {
    ...signal,
    rows: async function* () {
      for await (const chunk of signal.rows()) {
        const wrong = chunk.values.findIndex((value) => !isSample(value, vocabulary));
        if (wrong >= 0) {
          unreadable(
            name,
            `${chunk.place(wrong)} is ${chunk.values[wrong]!}, expected ${expected}`,
          );
        }
        yield chunk;
      }
    },
  };
}
