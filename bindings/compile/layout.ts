import { LmuError } from "../errors.js";
import { STATES_BYTES } from "../model/engine.js";
import type { Plan } from "../plan/plan.js";
import { pad16 } from "../runtime/places.js";

/** States of a compiled model: what the plan knows of them, and behind it what the host of the package keeps elsewhere. */
export interface Layout {
  /** Offset of the newest output; 0 if none is kept. */
  readonly newest: number;
  /** Offset of the rows that a state grows by; 0 if it does not. */
  readonly rows: number;
  /** How many of them there is room for. */
  readonly rowCount: number;
  readonly stateBytes: number;
  /** Steps that a sequence may have at most, or Infinity. */
  readonly maxSteps: number;
  /** States that one call takes. */
  readonly streams: number;
}

/** Addresses are i32, which hosts read with a sign. */
const MAX_BYTES = 2 ** 31 - 2 ** 20;

/** Rows are read so many at a time: ATTENDED of assembly/kernels/attend.ts. */
const ROWS_READ = 64;

/**
 * @param steps - that a sequence may have at most
 * @throws LmuError not-streamable if states grow and nothing bounds them; model-too-large
 */
export function layoutOf(action: string, plan: Plan, steps: number): Layout {
  const { output, growing, rowBytes, capacity } = plan;
  const maxSteps = Math.min(steps, plan.maxSteps);
  if (rowBytes && maxSteps === Infinity) {
    const message = `Cannot ${action}: ${growing} keeps something of every step, expected steps, the most that a sequence has`;
    throw new LmuError("not-streamable", message);
  }
  // Where every step has a row that is there to be read, nobody asks for the newest one later.
  const isKept = !output.isSteady || output.isSingle;
  const newest = isKept ? plan.stateBytes : 0;
  const rows = plan.stateBytes + (isKept ? 16 + pad16(output.width * 4) : 0);
  const rowCount = rowBytes && Math.ceil(maxSteps / ROWS_READ) * ROWS_READ;
  const stateBytes = rows + rowCount * rowBytes;
  const streams = Math.max(1, Math.min(capacity.streams, Math.floor(STATES_BYTES / stateBytes)));
  const bytes = plan.statesAt + stateBytes * (streams + 2);
  if (bytes > MAX_BYTES) {
    const message = `Cannot ${action}: it needs ${bytes} bytes of memory, expected at most ${MAX_BYTES}`;
    throw new LmuError("model-too-large", message);
  }
  return { newest, rows: rowBytes && rows, rowCount, stateBytes, maxSteps, streams };
}
