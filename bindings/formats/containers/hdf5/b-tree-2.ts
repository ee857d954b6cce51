import { bytesFor, ENTRY_STEPS, type Hdf5File, invalid } from "./file.js";

/** Signature, version, type and checksum of a node. */
const NODE_BYTES = 10;
/** Of 512-byte nodes, enough for more records than a file can have. */
const MAX_DEPTH = 16;

interface Node {
  readonly address: number;
  readonly records: number;
  readonly depth: number;
}

export interface Records {
  readonly recordBytes: number;
  /** Where each record stands, in no order. */
  readonly at: Iterable<number>;
}

/** Records of a B-tree of version 2. */
export function recordsOf(file: Hdf5File, address: number, type: number): Records {
  const at = file.at(address).expect("BTHD");
  at.version("a B-tree", 0);
  const found = at.u8();
  if (found !== type) invalid(`a B-tree has records of type ${found}, expected ${type}`);
  const nodeBytes = at.u32();
  const recordBytes = at.u16();
  const depth = at.u16();
  if (recordBytes === 0 || depth > MAX_DEPTH)
    invalid("a B-tree has no records, or too many levels");
  const root = at.skip(2).address();
  const records = at.u16();
  const counts = countBytes(nodeBytes, recordBytes, depth, file.offsetBytes);
  const nodes = root === undefined ? [] : [{ address: root, records, depth }];
  return { recordBytes, at: walk(file, nodes, recordBytes, counts) };
}

function* walk(
  file: Hdf5File,
  left: Node[],
  recordBytes: number,
  counts: ReturnType<typeof countBytes>,
): Generator<number> {
  for (let node; (node = left.pop());) {
    const at = file
      .at(node.address)
      .expect(node.depth > 0 ? "BTIN" : "BTLF")
      .skip(2);
    for (let i = 0; i < node.records; i++) {
      file.spend(ENTRY_STEPS);
      yield at.at;
      at.skip(recordBytes);
    }
    if (node.depth === 0) continue;
    for (let i = 0; i <= node.records; i++) {
      file.spend(ENTRY_STEPS);
      const address = at.pointer("a node of a B-tree");
      const records = at.uint(counts.own);
      at.skip(counts.below[node.depth - 1]!);
      left.push({ address, records, depth: node.depth - 1 });
    }
  }
}

/** Bytes of the counts beside a child's address: of its own records, and of all below it by its depth. */
function countBytes(
  nodeBytes: number,
  recordBytes: number,
  depth: number,
  offsetBytes: number,
): { own: number; below: number[] } {
  let most = Math.floor((nodeBytes - NODE_BYTES) / recordBytes);
  const own = bytesFor(most);
  const below = [0];
  for (let level = 1; level < depth; level++) {
    const pointerBytes = offsetBytes + own + below[level - 1]!;
    const here = Math.floor((nodeBytes - NODE_BYTES - pointerBytes) / (recordBytes + pointerBytes));
    most = (here + 1) * most + here;
    below.push(bytesFor(most));
  }
  return { own, below };
}
