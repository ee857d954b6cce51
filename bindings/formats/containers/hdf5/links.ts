import { brief } from "../../../errors.js";
import { GROUP_NODE, leavesOf } from "./b-tree-1.js";
import { recordsOf } from "./b-tree-2.js";
import { type Cursor, ENTRY_STEPS, type Hdf5File, invalid, unsupported } from "./file.js";
import { FractalHeap } from "./fractal-heap.js";
import { MESSAGE, type ObjectHeader } from "./object-header.js";

/** Records of links by the hash of their name. */
const LINK_RECORD = 5;
/** Kinds of links; from 64 on, people's own. */
const SOFT = 1;
const EXTERNAL = 64;
/** What an entry of a symbol table has in its scratch pad: the place of a path. */
const CACHED_PATH = 2;

/** A name in a group, and the address or the path that it leads to. */
export interface Link {
  readonly name: string;
  readonly address?: number;
  readonly path?: string;
}

/** Links of a group, however it keeps them. */
export function* linksOf(header: ObjectHeader): Generator<Link> {
  const { file } = header;
  const table = header.read(MESSAGE.symbolTable);
  if (table) yield* symbolTable(file, table);
  for (const { at } of header.all(MESSAGE.link)) yield linkAt(file.at(at));
  const dense = header.read(MESSAGE.linkInfo);
  if (dense) yield* denseLinks(file, dense);
}

function linkAt(at: Cursor): Link {
  at.version("a link", 1);
  const flags = at.u8();
  const type = flags & 8 ? at.u8() : 0;
  if (flags & 4) at.skip(8); // order of creation
  if (flags & 16) at.skip(1); // character set
  const name = at.text(at.uint(1 << (flags & 3)));
  at.file.spend(ENTRY_STEPS);
  if (type === 0) return { name, address: at.pointer(`link ${brief(name)}`) };
  if (type === SOFT) return { name, path: at.text(at.u16()) };
  return unsupported(
    `link ${brief(name)} leads ${type === EXTERNAL ? "to another file" : `nowhere: its kind is ${type}`}`,
  );
}

function* denseLinks(file: Hdf5File, info: Cursor): Generator<Link> {
  info.version("the links of a group", 0);
  if (info.u8() & 1) info.skip(8); // the last order of creation
  const heapAt = info.address();
  const tree = info.address();
  if (heapAt === undefined || tree === undefined) return;
  const heap = new FractalHeap(file, heapAt);
  for (const record of recordsOf(file, tree, LINK_RECORD).at) {
    yield linkAt(file.at(heap.find(record + 4).at));
  }
}

function* symbolTable(file: Hdf5File, table: Cursor): Generator<Link> {
  const tree = table.pointer("a group");
  const names = new LocalHeap(file, table.pointer("the names of a group"));
  for (const { child } of leavesOf(file, tree, GROUP_NODE, file.lengthBytes)) {
    const at = file.at(child).expect("SNOD").skip(2);
    for (let left = at.u16(); left > 0; left--) {
      file.spend(ENTRY_STEPS);
      const name = names.text(at.length());
      const address = at.address();
      const isPath = at.u32() === CACHED_PATH;
      const pathAt = at.skip(4).u32();
      at.skip(12);
      if (isPath) yield { name, path: names.text(pathAt) };
      else yield { name, address: address ?? invalid(`link ${brief(name)} has no address`) };
    }
  }
}

/** Texts that end in a zero. */
class LocalHeap {
  readonly #from: number;
  readonly #bytes: number;

  constructor(
    private readonly file: Hdf5File,
    address: number,
  ) {
    const at = file.at(address).expect("HEAP").skip(4);
    this.#bytes = at.length();
    this.#from = at.skip(file.lengthBytes).pointer("a local heap");
    file.check(this.#from, this.#bytes);
  }

  text(offset: number): string {
    const rest = this.file.view(this.#from + offset, this.#bytes - offset);
    const end = rest.indexOf(0);
    if (end < 0) invalid("a name has no end");
    return this.file.at(this.#from + offset).text(end);
  }
}
