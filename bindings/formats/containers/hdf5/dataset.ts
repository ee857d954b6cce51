import { brief } from "../../../errors.js";
import { type Tensor, tensorOfBytes } from "../../../tensor.js";
import type { Inflate } from "../deflate.js";
import { attributesOf } from "./attributes.js";
import type { ChunkLayout } from "./chunk-index.js";
import { readChunks } from "./chunks.js";
import { type Dataspace, elementsOf, readDataspace } from "./dataspace.js";
import { type Datatype, OPAQUE, readDatatype } from "./datatype.js";
import { type Cursor, type Hdf5File, invalid, unsupported } from "./file.js";
import { type Filter, readFilters } from "./filters.js";
import { GlobalHeap } from "./global-heap.js";
import { MESSAGE, type ObjectHeader } from "./object-header.js";

type NumberType = Extract<Datatype, { kind: "number" }>;

/** Where the elements stand. */
type Layout =
  | { readonly kind: "piece"; readonly at: number | undefined; readonly bytes: number }
  | { readonly kind: "chunks"; readonly chunks: ChunkLayout };

/**
 * A dataset, which is read when somebody asks for it: files also hold the state of optimizers and random generators, in
 * types that nobody needs. One piece is a view of the file; chunks are unpacked into memory of their own.
 *
 * Its fields throw LmuError format-invalid or option-unsupported.
 */
export class Dataset implements Tensor {
  private readonly path: string;
  #read: Tensor | undefined;

  constructor(
    private readonly header: ObjectHeader,
    /** For messages; anything may stand in it. */
    path: string,
    private readonly inflate: () => Inflate,
  ) {
    this.path = brief(path);
  }

  get dtype() {
    return this.#tensor.dtype;
  }

  get shape() {
    return this.#tensor.shape;
  }

  get values() {
    return this.#tensor.values;
  }

  /** Becomes the elements' own function once they are read: a detour takes 10 ns, and there are millions. */
  at = (index: number): number => {
    this.at = this.#tensor.at;
    return this.at(index);
  };

  get #tensor(): Tensor {
    return (this.#read ??= this.#open());
  }

  #open(): Tensor {
    const { header, path } = this;
    const space = readDataspace(this.#message(MESSAGE.dataspace, "dataspace"));
    const type = this.#type();
    if (type.kind !== "number") {
      const what = type.kind === "other" ? type.name : "texts";
      unsupported(`dataset ${path} has elements of type ${what}, expected numbers`);
    }
    if (space.isNull) unsupported(`dataset ${path} has no value, not even an empty one`);
    if (header.find(MESSAGE.external)) unsupported(`dataset ${path} stands in another file`);
    const { dtype, littleEndian } = type;
    return tensorOfBytes(dtype, space.shape, this.#bytes(space, type), littleEndian);
  }

  /** Keras writes bfloat16 as bytes without meaning, and says in an attribute what they are. */
  #type(): Datatype {
    const { header } = this;
    const type = readDatatype(this.#message(MESSAGE.datatype, "datatype"));
    const isOpaque = type.kind === "other" && type.name === OPAQUE && type.bytes === 2;
    const named = isOpaque && attributesOf(header, new GlobalHeap(header.file)).get("dtype");
    if (named !== "bfloat16") return type;
    return { kind: "number", bytes: 2, dtype: "bf16", littleEndian: true };
  }

  /** All elements, row-major, as they are written. */
  #bytes(space: Dataspace, type: NumberType): Uint8Array {
    const { header, path } = this;
    const { file } = header;
    const wanted = elementsOf(space.shape) * type.bytes;
    const layout = readLayout(this.#message(MESSAGE.layout, "layout"), path);
    if (wanted === 0) return new Uint8Array(0);
    const fill = fillOf(header, type.bytes);
    if (layout.kind === "piece") {
      if (layout.at === undefined) return filled(file, wanted, fill);
      if (layout.bytes < wanted) {
        invalid(
          `dataset ${path} [${space.shape.join(", ")}] has ${layout.bytes} bytes, expected ${wanted}`,
        );
      }
      return file.view(layout.at, wanted);
    }
    const filters = filtersOf(header, path);
    const into = filled(file, wanted, fill);
    const array = { ...space, elementBytes: type.bytes, path };
    readChunks(file, layout.chunks, array, { filters, inflate: this.inflate }, into);
    return into;
  }

  #message(type: number, what: string): Cursor {
    const message = this.header.find(type);
    if (!message) invalid(`dataset ${this.path} has no ${what}`);
    if (message.isShared) unsupported(`the ${what} of dataset ${this.path} stands elsewhere`);
    return this.header.file.at(message.at);
  }
}

/** Filters of a dataset's chunks, in the order in which they were applied. */
function filtersOf(header: ObjectHeader, path: string): readonly Filter[] {
  const message = header.read(MESSAGE.filters);
  return message ? readFilters(message, path) : [];
}

function readLayout(at: Cursor, path: string): Layout {
  const version = at.version("a layout", 1, 2, 3, 4);
  if (version < 3) return oldLayout(at);
  switch (at.u8()) {
    case 0: {
      const bytes = at.u16();
      return { kind: "piece", at: at.at, bytes };
    }
    case 1:
      return { kind: "piece", at: at.address(), bytes: at.length() };
    case 2:
      return { kind: "chunks", chunks: version === 3 ? chunksOf3(at) : chunksOf4(at, path) };
    case 3:
      return unsupported(`dataset ${path} is a view of others (virtual)`);
    default:
      return invalid(`dataset ${path} has an unknown layout`);
  }
}

/** Versions 1 and 2, before HDF5 1.6.3. */
function oldLayout(at: Cursor): Layout {
  const rank = at.u8();
  const kind = at.u8();
  at.skip(5);
  const address = kind === 0 ? undefined : at.address();
  const lengths = Array.from({ length: rank }, () => at.u32());
  if (kind === 2) return { kind: "chunks", chunks: { index: "tree", address, lengths } };
  if (kind === 1) return { kind: "piece", at: address, bytes: Infinity };
  const bytes = at.u32();
  return { kind: "piece", at: at.at, bytes };
}

function chunksOf3(at: Cursor): ChunkLayout {
  const rank = at.u8();
  const address = at.address();
  return { index: "tree", address, lengths: Array.from({ length: rank }, () => at.u32()) };
}

function chunksOf4(at: Cursor, path: string): ChunkLayout {
  const flags = at.u8();
  if (flags & 1) unsupported(`dataset ${path} has chunks at its edges without filters`);
  const rank = at.u8();
  const lengthBytes = at.u8();
  if (lengthBytes > 8) invalid(`dataset ${path} has lengths of ${lengthBytes} bytes`);
  const lengths = Array.from({ length: rank }, () => at.uint(lengthBytes));
  switch (at.u8()) {
    case 1: {
      const packed = flags & 2 ? { bytes: at.length(), mask: at.u32() } : undefined;
      return { index: "single", address: at.address(), lengths, packed };
    }
    case 2:
      return { index: "implicit", address: at.address(), lengths };
    case 3:
      return { index: "fixed array", address: at.skip(1).address(), lengths };
    case 4:
      return { index: "extensible array", address: at.skip(5).address(), lengths };
    case 5:
      return { index: "tree 2", address: at.skip(6).address(), lengths };
    default:
      return unsupported(`dataset ${path} has an unknown index of chunks`);
  }
}

/** What stands in an element that was never written; zero if nothing says otherwise. */
function fillOf(header: ObjectHeader, elementBytes: number): Uint8Array | undefined {
  const old = header.read(MESSAGE.oldFill);
  const at = header.read(MESSAGE.fill) ?? old;
  if (!at) return undefined;
  if (at !== old) {
    const version = at.version("a fill value", 1, 2, 3);
    const flags = version === 3 ? at.u8() : 0;
    const isDefined = version === 3 ? (flags & 32) !== 0 : at.skip(2).u8() !== 0;
    if (!isDefined) return undefined;
  }
  return at.u32() === elementBytes ? header.file.view(at.at, elementBytes) : undefined;
}

/** Elements of one value each. */
function filled(file: Hdf5File, bytes: number, fill: Uint8Array | undefined): Uint8Array {
  const elements = file.hold(bytes);
  if (!fill?.some((byte) => byte !== 0)) return elements;
  for (let at = 0; at < bytes; at += fill.length) elements.set(fill, at);
  return elements;
}
