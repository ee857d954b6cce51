import type * as jsfive from "jsfive";
import { LmuError } from "../../errors.js";
import { type DType, ELEMENT_BYTES, sizeOf, type Tensor, tensorOfBytes } from "../../tensor.js";

/*
 * HDF5 as Keras writes it, by way of jsfive. jsfive finds objects and attributes; numbers are read here, as views of the
 * file, because jsfive would turn them into boxed arrays of twice the size. What it allocates is bounded beforehand:
 * every structure it follows goes through ArrayBuffer.slice at least once, and that is counted.
 */

/** Header messages, HDF5 file format 3.0, IV.A.2. */
const LAYOUT_MESSAGE = 8;
const ATTRIBUTE_MESSAGE = 12;

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Deeper or fuller files than any framework writes are refused. */
const MAX_DEPTH = 32;
const MAX_OBJECTS = 20_000;

/** Whether a file is HDF5, from its first 8 bytes. */
export function isHdf5(start: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => start[i] === byte);
}

/** A group of an HDF5 file, with everything below it. */
export interface Hdf5Group {
  readonly groups: ReadonlyMap<string, Hdf5Group>;
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
 * Reads the tree of a file; numbers stay views of its bytes, which are copied where they are not at the beginning of
 * their buffer: jsfive counts from there.
 *
 * @throws LmuError format-invalid or option-unsupported
 */
export async function readHdf5(bytes: Uint8Array): Promise<Hdf5Group> {
  const { File, Group, Dataset } = await import("jsfive");
  const isAtStart = bytes.byteOffset === 0 && bytes.buffer instanceof ArrayBuffer;
  const buffer = (isAtStart ? bytes : bytes.slice()).buffer as ArrayBuffer;
  const release = countSlices(buffer, bytes.length);
  try {
    const file = new File(buffer);
    return new Walk(buffer, bytes.length, Group, Dataset).read(file, "", 0);
  } catch (cause) {
    if (cause instanceof LmuError) throw cause;
    throw new LmuError(
      "format-invalid",
      `Cannot read HDF5: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
  } finally {
    release();
  }
}

/**
 * Bounds what jsfive may copy from a buffer: a cycle or a lying size ends in an error instead of a hang. Returns a
 * function that removes the bound.
 */
function countSlices(buffer: ArrayBuffer, fileBytes: number): () => void {
  let left = 16 * fileBytes + (1 << 20);
  const slice = (from: number, to: number): ArrayBuffer => {
    const copy = ArrayBuffer.prototype.slice.call(buffer, from, to);
    left -= copy.byteLength + 16;
    if (left < 0) invalid("its structures refer to one another without end");
    return copy;
  };
  Object.defineProperty(buffer, "slice", { value: slice, configurable: true });
  return () => void delete (buffer as { slice?: unknown }).slice;
}

class Walk {
  #objects = 0;

  constructor(
    private readonly buffer: ArrayBuffer,
    /** Bytes of the file; the buffer may go on behind it. */
    private readonly fileBytes: number,
    private readonly Group: typeof jsfive.Group,
    private readonly Dataset: typeof jsfive.Dataset,
  ) {}

  read(group: jsfive.Group, path: string, depth: number): Hdf5Group {
    if (depth > MAX_DEPTH) invalid(`group ${path} is more than ${MAX_DEPTH} levels deep`);
    const groups = new Map<string, Hdf5Group>();
    const tensors = new Map<string, Tensor>();
    for (const key of group.keys) {
      if (++this.#objects > MAX_OBJECTS) invalid(`it has more than ${MAX_OBJECTS} objects`);
      const child = group.get(key);
      const childPath = `${path}/${key}`;
      if (child instanceof this.Dataset)
        tensors.set(key, this.#tensor(child._dataobjects, childPath));
      else if (child instanceof this.Group) groups.set(key, this.read(child, childPath, depth + 1));
    }
    return { groups, tensors, attributes: this.#attributes(group._dataobjects) };
  }

  #attributes(objects: jsfive.DataObjects): Map<string, unknown> {
    const attributes = new Map<string, unknown>();
    for (const message of objects.find_msg_type(ATTRIBUTE_MESSAGE)) {
      const at = message.get("offset_to_message")!;
      this.#checkAttribute(at, message.get("size")!);
      const [name, value] = objects.unpack_attribute(at);
      attributes.set(
        name,
        Array.isArray(value) ? value.map(withoutPadding) : withoutPadding(value),
      );
    }
    return attributes;
  }

  /** jsfive makes an array of as many items as the dataspace claims: the message must be able to hold them. */
  #checkAttribute(at: number, size: number): void {
    const view = new DataView(this.buffer);
    const version = view.getUint8(at);
    const padded = (bytes: number) => (version === 1 ? Math.ceil(bytes / 8) * 8 : bytes);
    let dataspace = at + (version === 1 ? 8 : 9);
    dataspace += padded(view.getUint16(at + 2, true)) + padded(view.getUint16(at + 4, true));
    const dimensions = view.getUint8(dataspace + 1);
    let items = 1;
    const first = dataspace + (view.getUint8(dataspace) === 1 ? 8 : 4);
    for (let i = 0; i < dimensions; i++) items *= Number(view.getBigUint64(first + 8 * i, true));
    if (items > size) invalid(`an attribute of ${size} bytes claims ${items} items`);
  }

  #tensor(objects: jsfive.DataObjects, path: string): Tensor {
    const { dtype, littleEndian } = elementType(objects.dtype, path);
    const { shape } = objects;
    const wanted = sizeOf(shape) * ELEMENT_BYTES[dtype];
    const message = objects.find_msg_type(LAYOUT_MESSAGE)[0];
    if (!message) invalid(`dataset ${path} has no layout`);
    const [version, , layout, at] = objects._get_data_message_properties(
      message.get("offset_to_message")!,
    );
    const view = new DataView(this.buffer);
    let begin: number;
    if (layout === 1) begin = Number(view.getBigUint64(at, true));
    else if (layout === 0 && version >= 3) begin = at + 2;
    else {
      throw new LmuError(
        "option-unsupported",
        `Cannot read HDF5: dataset ${path} is stored in chunks, expected one piece (save it without compression)`,
      );
    }
    if (begin + wanted > this.fileBytes) {
      invalid(`dataset ${path} [${shape.join(", ")}] ends beyond the file`);
    }
    return tensorOfBytes(dtype, shape, new Uint8Array(this.buffer, begin, wanted), littleEndian);
  }
}

/** Fixed-length texts are padded with zeros. */
function withoutPadding(value: unknown): unknown {
  return typeof value === "string" ? value.replace(/\0+$/, "") : value;
}

function elementType(
  dtype: string | unknown[],
  path: string,
): { dtype: DType; littleEndian: boolean } {
  const [, order, kind, bytes] = /^([<>|]?)([fiu])(\d)$/.exec(String(dtype)) ?? [];
  const name = `${kind}${Number(bytes) * 8}` as DType;
  if (!kind || !(name in ELEMENT_BYTES)) {
    throw new LmuError(
      "option-unsupported",
      `Cannot read HDF5: dataset ${path} has elements of type ${String(dtype)}`,
    );
  }
  return { dtype: name, littleEndian: order !== ">" };
}

function invalid(problem: string): never {
  throw new LmuError("format-invalid", `Cannot read HDF5: ${problem}`);
}
