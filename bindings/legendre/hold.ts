import { LmuError } from "../errors.js";
import type { Exports } from "../runtime/exports.js";
import { grow, instantiate } from "../runtime/instance.js";
import type { WasmModule } from "../runtime/kernel.js";
import type { Hold } from "./residual.js";

/** Memory that nobody uses yet: everything of an instance from a byte on, zeros. */
export interface Room {
  readonly exports: Exports;
  /** A multiple of 16. */
  readonly from: number;
}

/**
 * The zero-order hold by the kernel of that name: the bits of exponentialMinusIdentity (./exponential.ts), from a host that has just
 * started in a tenth of the time (order 32: 0.3 ms, not 4), from a warm one in a quarter.
 *
 * Its scratch, three times the matrix, goes where there is room already; else into an instance of its own, because wasm
 * memory never shrinks.
 *
 * @param room - asked for each time; what was there is left as zeros
 */
export function holdOf(module: WasmModule, room?: (bytes: number) => Room): Hold {
  return (order, scale) => {
    const padded = (order + 3) & ~3;
    const bytes = (3 * padded + 2) * padded * 8;
    let found: Room;
    try {
      found = roomFor(bytes, module, room?.(bytes));
      grow(found.exports, found.from + bytes);
    } catch (cause) {
      const message = `Cannot make the matrix of order ${order}: the engine has no more memory to give`;
      throw new LmuError("model-too-large", message, { cause });
    }
    const { exports, from } = found;
    const at = exports.hold(from, order, scale);
    const { buffer } = exports.memory;
    const D = new Float64Array(order * order);
    for (let i = 0; i < order; i++) {
      D.set(new Float64Array(buffer, at + 8 * i * padded, order), i * order);
    }
    new Uint8Array(buffer, from, bytes).fill(0);
    return D;
  };
}

function roomFor(bytes: number, module: WasmModule, room: Room | undefined): Room {
  if (room && room.from + bytes <= room.exports.memory.buffer.byteLength) return room;
  const exports = instantiate(module);
  return { exports, from: exports.heapBase() };
}
