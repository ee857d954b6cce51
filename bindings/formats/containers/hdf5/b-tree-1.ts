import { ENTRY_STEPS, type Hdf5File, invalid } from "./file.js";

/** Of the children of a node. */
export const GROUP_NODE = 0;
export const CHUNK_NODE = 1;

/** What a leaf says of a child: where its key stands, and its address. */
export interface Leaf {
  readonly key: number;
  readonly child: number;
}

/** Leaves of a B-tree of version 1, left to right. */
export function* leavesOf(
  file: Hdf5File,
  root: number,
  type: number,
  keyBytes: number,
): Generator<Leaf> {
  const left: { address: number; level?: number }[] = [{ address: root }];
  for (let node; (node = left.pop());) {
    const at = file.at(node.address).expect("TREE");
    if (at.u8() !== type) invalid("a B-tree belongs to something else");
    const level = at.u8();
    if (level !== (node.level ?? level)) invalid("a B-tree has a node of the wrong level");
    const count = at.u16();
    at.skip(2 * file.offsetBytes);
    const children: Leaf[] = [];
    for (let i = 0; i < count; i++) {
      const key = at.at;
      file.spend(ENTRY_STEPS);
      children.push({ key, child: at.skip(keyBytes).pointer("a node of a B-tree") });
    }
    if (level === 0) yield* children;
    else
      for (const { child } of children.reverse()) left.push({ address: child, level: level - 1 });
  }
}
