import { invalid, Machine, type PickleHost } from "./machine.js";

/*
 * Pickle read as data: a stack machine that builds values and runs nothing. Opcodes as pickletools of CPython documents
 * them, protocols 2 to 5. What a name stands for, and what a call of it gives, is the host's to say.
 *
 * Files come from strangers. Every opcode takes at least one byte and leaves at most one value, texts are parts of the
 * file, nothing walks a value in depth, and there are limits to opcodes and memory: both stay within a small multiple of
 * the file.
 */

/**
 * The value of a pickle: dicts and sets are Maps, lists and tuples arrays, bytes views of the file.
 *
 * @param fileBytes - of the file that the pickle is part of, which bounds the memory it may take
 * @throws LmuError format-invalid
 */
export function readPickle(bytes: Uint8Array, host: PickleHost, fileBytes?: number): unknown {
  const machine = new Machine(bytes, host, fileBytes);
  for (let count = 0; count < MAX_OPCODES; count++) {
    const code = machine.byte();
    if (code === STOP) return machine.pop();
    const operation = OPERATIONS.get(code);
    if (!operation) invalid(`opcode 0x${code.toString(16).padStart(2, "0")}, which is not read`);
    operation(machine);
  }
  return invalid(`more than ${MAX_OPCODES} opcodes`);
}

const STOP = 0x2e;
const MAX_PROTOCOL = 5;

/** A tensor takes some 25. */
const MAX_OPCODES = 2 ** 23;

const OPERATIONS: ReadonlyMap<number, (m: Machine) => void> = new Map<number, (m: Machine) => void>(
  [
    [0x80, (m) => void (m.byte() > MAX_PROTOCOL && invalid("a protocol above 5"))],
    [0x95, (m) => void m.count(8)], // FRAME: its length is of no use to a reader in memory
    // constants
    [0x4e, (m) => m.push(null)],
    [0x88, (m) => m.push(true)],
    [0x89, (m) => m.push(false)],
    [0x4a, (m) => m.push(m.integer(4))],
    [0x4b, (m) => m.push(m.count(1))],
    [0x4d, (m) => m.push(m.count(2))],
    [0x8a, (m) => m.push(m.integer(m.count(1)))],
    [0x8b, (m) => m.push(m.integer(m.count(4)))],
    [0x47, (m) => m.push(m.float())],
    [0x58, (m) => m.push(m.text(m.count(4)))],
    [0x8c, (m) => m.push(m.text(m.count(1)))],
    [0x8d, (m) => m.push(m.text(m.count(8)))],
    [0x54, (m) => m.push(m.text(m.count(4)))], // texts of Python 2
    [0x55, (m) => m.push(m.text(m.count(1)))],
    [0x42, (m) => m.pushBytes(m.take(m.count(4)))],
    [0x43, (m) => m.pushBytes(m.take(m.count(1)))],
    [0x8e, (m) => m.pushBytes(m.take(m.count(8)))],
    [0x96, (m) => m.pushBytes(m.take(m.count(8)))],
    // collections
    [0x28, (m) => m.mark()],
    [0x29, (m) => m.make([])],
    [0x5d, (m) => m.make([])],
    [0x7d, (m) => m.make(new Map())],
    [0x8f, (m) => m.make(new Map())],
    [0x74, (m) => m.make(m.popToMark())],
    [0x6c, (m) => m.make(m.popToMark())],
    [0x85, (m) => m.tuple(1)],
    [0x86, (m) => m.tuple(2)],
    [0x87, (m) => m.tuple(3)],
    [0x61, (m) => m.append([m.pop()])],
    [0x65, (m) => m.append(m.popToMark())],
    [0x73, (m) => m.set([m.pop(), m.pop()].reverse())],
    [0x75, (m) => m.set(m.popToMark())],
    [0x90, (m) => m.include(m.popToMark())],
    // stack and memo
    [0x30, (m) => void m.pop()],
    [0x31, (m) => void m.popToMark()],
    [0x32, (m) => m.push(m.top())],
    [0x71, (m) => m.remember(m.count(1))],
    [0x72, (m) => m.remember(m.count(4))],
    [0x94, (m) => m.remember(m.memo.size)],
    [0x68, (m) => m.recall(m.count(1))],
    [0x6a, (m) => m.recall(m.count(4))],
    // names and calls
    [0x63, (m) => m.global(m.line(), m.line())],
    [0x93, (m) => m.global(...([m.pop(), m.pop()].reverse() as [unknown, unknown]))],
    [0x51, (m) => m.persistent()],
    [0x52, (m) => m.call()],
    [0x81, (m) => m.call()],
    [0x62, (m) => m.build()],
  ],
);
