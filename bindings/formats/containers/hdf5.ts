import { Budget } from "../../source/budget.js";
import type { Tensor } from "../../tensor.js";
import type { Inflate } from "./deflate.js";
import { attributesOf } from "./hdf5/attributes.js";
import { Dataset } from "./hdf5/dataset.js";
import { Hdf5File, invalid, OBJECT_STEPS } from "./hdf5/file.js";
import { GlobalHeap } from "./hdf5/global-heap.js";
import { linksOf } from "./hdf5/links.js";
import { MESSAGE, ObjectHeader } from "./hdf5/object-header.js";
import { readSuperblock, withoutUserBlock } from "./hdf5/superblock.js";

/*
 * HDF5 as Keras and h5py write it: the tree of groups here, its structures in the folder. The file may be anybody's: what
 * reading takes is bounded in hdf5/file.ts.
 */

/** Characters of a path in messages. */
const MAX_PATH = 150;

export { HDF5_START_BYTES, isHdf5 } from "./hdf5/superblock.js";

/** A group of an HDF5 file. */
export interface Hdf5Group {
  readonly groups: ReadonlyMap<string, Hdf5Group>;
  /** Read when somebody asks for their elements or shape, which throws LmuError where they cannot be read. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Texts, lists of texts and numbers; others are left out. */
  readonly attributes: ReadonlyMap<string, unknown>;
}

/** The group at a path below another; undefined when there is none. */
export function descend(
  group: Hdf5Group | undefined,
  path: readonly string[],
): Hdf5Group | undefined {
  return path.reduce((at, name) => at?.groups.get(name), group);
}

/**
 * Reads the tree of a file in time and memory linear in its size. Numbers stay views of its bytes, but for those stored
 * in chunks, which are unpacked when somebody asks for them. A group that two links lead to is one group, even one inside
 * itself.
 *
 * @param budget - of bytes in memory
 * @throws LmuError format-invalid or option-unsupported
 */
export async function readHdf5(
  bytes: Uint8Array,
  budget: Budget = new Budget(),
): Promise<Hdf5Group> {
  const tree = new Tree(new Hdf5File(withoutUserBlock(bytes), budget));
  if (tree.isFiltered) tree.inflate = (await import("fflate")).Inflate;
  return tree.root;
}

interface Group extends Hdf5Group {
  readonly groups: Map<string, Hdf5Group>;
  readonly tensors: Map<string, Tensor>;
}

/** A group whose links are still to be followed. */
interface Unread {
  readonly group: Group;
  readonly header: ObjectHeader;
  readonly path: string;
}

class Tree {
  readonly root: Group;
  /** Some dataset needs `inflate`. */
  isFiltered = false;
  inflate: Inflate | undefined;
  /** By address; undefined for what is neither, such as a named datatype. */
  readonly #objects = new Map<number, Group | Dataset | undefined>();
  readonly #unread: Unread[] = [];
  readonly #texts: GlobalHeap;

  constructor(private readonly file: Hdf5File) {
    this.#texts = new GlobalHeap(file);
    const root = this.#object(readSuperblock(file), "");
    if (!root || root instanceof Dataset) invalid("its root is no group");
    this.root = root;
    const paths: { group: Group; name: string; path: string }[] = [];
    // Breadth first, in a list: files may nest groups deeper than a stack is.
    for (const { group, header, path } of this.#unread) {
      for (const link of linksOf(header)) {
        if (link.path !== undefined) paths.push({ group, name: link.name, path: link.path });
        else this.#add(group, link.name, this.#object(link.address!, pathTo(path, link.name)));
      }
    }
    for (const { group, name, path } of paths) this.#add(group, name, this.#follow(group, path));
  }

  #add(group: Group, name: string, object: Group | Dataset | undefined): void {
    if (object instanceof Dataset) group.tensors.set(name, object);
    else if (object) group.groups.set(name, object);
  }

  #object(address: number, path: string): Group | Dataset | undefined {
    if (this.#objects.has(address)) return this.#objects.get(address);
    this.file.spend(OBJECT_STEPS);
    const header = new ObjectHeader(this.file, address);
    let object: Group | Dataset | undefined;
    if (header.find(MESSAGE.layout)) {
      this.isFiltered ||= header.find(MESSAGE.filters) !== undefined;
      object = new Dataset(header, path, () => this.inflate!);
    } else if (!header.find(MESSAGE.datatype)) {
      const attributes = attributesOf(header, this.#texts);
      object = { groups: new Map(), tensors: new Map(), attributes };
      this.#unread.push({ group: object, header, path });
    }
    this.#objects.set(address, object);
    return object;
  }

  /** What a symbolic link leads to, from the root or its own group; undefined where there is nothing, or another such link. */
  #follow(group: Group, path: string): Group | Dataset | undefined {
    this.file.spend(path.length);
    const names = path.split("/").filter((name) => name !== "" && name !== ".");
    const start: Hdf5Group = path.startsWith("/") ? this.root : group;
    const parent = descend(start, names.slice(0, -1));
    const last = names.at(-1);
    if (last === undefined) return start as Group;
    return (parent?.groups.get(last) ?? parent?.tensors.get(last)) as Group | Dataset | undefined;
  }
}

/** A path for messages: its end, where it is long. */
function pathTo(group: string, name: string): string {
  const path = `${group}/${name}`;
  return path.length > MAX_PATH ? `…${path.slice(-MAX_PATH)}` : path;
}
