import type { Hdf5Group } from "../containers/hdf5.js";

/** A group that is being put together. */
interface OpenGroup extends Hdf5Group {
  readonly groups: Map<string, Hdf5Group>;
}

/**
 * The tree of a file as it was meant: Keras 3 on Windows makes one group `layers\dense` where HDF5 wants `dense` inside
 * `layers`. A file without such names comes back as it is.
 */
export function withoutBackslashes(root: Hdf5Group): Hdf5Group {
  if (![...root.groups.keys()].some((name) => name.includes("\\"))) return root;
  const opened = new Set<Hdf5Group>();
  const open = (group: Hdf5Group | undefined): OpenGroup => {
    if (group && opened.has(group)) return group as OpenGroup;
    const { tensors = new Map(), attributes = new Map() } = group ?? {};
    const copy = { groups: new Map(group?.groups), tensors, attributes };
    opened.add(copy);
    return copy;
  };
  const whole = open({ ...root, groups: new Map() });
  const paths = [...root.groups].map(([name, group]) => ({ path: name.split("\\"), group }));
  // Outer groups first: they are in place when what is inside them comes.
  for (const { path, group } of paths.sort((a, b) => a.path.length - b.path.length)) {
    let at = whole;
    for (const name of path.slice(0, -1)) {
      const inner = open(at.groups.get(name));
      at.groups.set(name, inner);
      at = inner;
    }
    if (!at.groups.has(path.at(-1)!)) at.groups.set(path.at(-1)!, group);
  }
  return whole;
}
