import { LmuError } from "../errors.js";
import type { Plan } from "../plan/plan.js";
import type { Exports } from "../runtime/exports.js";
import { instantiate } from "../runtime/instance.js";
import type { WasmModule } from "../runtime/kernel.js";
import { Session } from "../runtime/session.js";
import { States } from "../runtime/states.js";

/** Reserves memory for a plan and copies its words there. @throws LmuError model-too-large */
export function install(exports: Exports, plan: Plan): States {
  const { at, words, slotsAt, statesAt, stateBytes, capacity } = plan;
  const end = statesAt + capacity.streams * stateBytes;
  const session = reserving(end, () => new Session(exports, plan));
  session.integers.set(words, at / 4);
  for (let i = 0; i < capacity.streams; i++) {
    session.integers[slotsAt / 4 + i] = statesAt + i * stateBytes;
  }
  return new States(session);
}

/** Does what reserves memory. @throws LmuError model-too-large */
export function reserving<T>(bytes: number, reserve: () => T): T {
  try {
    return reserve();
  } catch (cause) {
    const message = `Cannot reserve ${bytes} bytes: the engine has no more memory to give`;
    throw new LmuError("model-too-large", message, { cause });
  }
}

/** An instance of the wasm. @throws LmuError wasm-unavailable, model-too-large */
export function start(module: WasmModule, isFull: boolean): Exports {
  try {
    const exports = instantiate(module);
    // Other modules do not have it.
    if (!((isFull ? "attend" : "heapBase") in exports)) throw new TypeError();
    return exports;
  } catch (cause) {
    const lacksMemory = cause instanceof RangeError || /memory/i.test(String(cause));
    throw new LmuError(
      lacksMemory ? "model-too-large" : "wasm-unavailable",
      lacksMemory
        ? "Cannot start: the engine has no more memory to give"
        : `Cannot start: the module passed as wasm is not ${isFull ? "lmu-full" : "lmu"}.wasm of this version`,
      { cause },
    );
  }
}
