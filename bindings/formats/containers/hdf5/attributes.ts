import { tensorOfBytes } from "../../../tensor.js";
import { recordsOf } from "./b-tree-2.js";
import { elementsOf, readDataspace } from "./dataspace.js";
import { type Datatype, readDatatype } from "./datatype.js";
import { type Cursor, ENTRY_STEPS, type Hdf5File } from "./file.js";
import { FractalHeap } from "./fractal-heap.js";
import type { GlobalHeap } from "./global-heap.js";
import { MESSAGE, type ObjectHeader } from "./object-header.js";

/** Records of attributes by the hash of their name. */
const ATTRIBUTE_RECORD = 8;
/** Steps of a number in a list; a text is an entry. */
const NUMBER_STEPS = 8;

/** Attributes of an object: texts, numbers and lists of them; others are left out. */
export function attributesOf(header: ObjectHeader, heap: GlobalHeap): Map<string, unknown> {
  const attributes = new Map<string, unknown>();
  for (const at of placesOf(header)) {
    const { name, value } = attributeAt(header.file.at(at), heap);
    if (value !== undefined) attributes.set(name, value);
  }
  return attributes;
}

function* placesOf(header: ObjectHeader): Generator<number> {
  const { file } = header;
  for (const { at, isShared } of header.all(MESSAGE.attribute)) if (!isShared) yield at;
  const info = header.read(MESSAGE.attributeInfo);
  if (!info) return;
  info.version("the attributes of an object", 0);
  if (info.u8() & 1) info.skip(2); // the last order of creation
  const heapAt = info.address();
  const tree = info.address();
  if (heapAt === undefined || tree === undefined) return;
  const dense = new FractalHeap(file, heapAt);
  for (const record of recordsOf(file, tree, ATTRIBUTE_RECORD).at) yield dense.find(record).at;
}

function attributeAt(at: Cursor, heap: GlobalHeap): { name: string; value: unknown } {
  const version = at.version("an attribute", 1, 2, 3);
  const flags = at.u8();
  const [nameBytes, typeBytes, spaceBytes] = [at.u16(), at.u16(), at.u16()];
  if (version === 3) at.skip(1); // character set of the name
  const padded = (bytes: number) => (version === 1 ? Math.ceil(bytes / 8) * 8 : bytes);
  const typeAt = at.at + padded(nameBytes);
  const name = untilZero(at.text(nameBytes));
  // A datatype or dataspace that stands elsewhere.
  if (version > 1 && flags & 3) return { name, value: undefined };
  const { file } = at;
  const type = readDatatype(file.at(typeAt));
  const spaceAt = typeAt + padded(typeBytes);
  const { shape, isNull } = readDataspace(file.at(spaceAt));
  if (isNull || type.kind === "other") return { name, value: undefined };
  const items = valuesAt(file, spaceAt + padded(spaceBytes), type, elementsOf(shape), heap);
  return { name, value: shape.length === 0 ? items[0] : items };
}

function valuesAt(
  file: Hdf5File,
  from: number,
  type: Exclude<Datatype, { kind: "other" }>,
  count: number,
  heap: GlobalHeap,
): unknown[] {
  file.spend(count * (type.kind === "number" ? NUMBER_STEPS : ENTRY_STEPS));
  file.check(from, type.bytes * count);
  const list = (value: (index: number) => unknown) =>
    Array.from({ length: count }, (_, i) => value(i));
  if (type.kind === "number") {
    const { dtype, littleEndian, bytes } = type;
    const tensor = tensorOfBytes(dtype, [count], file.view(from, bytes * count), littleEndian);
    return list(tensor.at);
  }
  if (type.kind === "text of any length") {
    return list((i) => untilZero(heap.text(from + i * type.bytes)));
  }
  const padding = type.isSpaced ? 0x20 : 0;
  return list((i) => {
    const at = from + i * type.bytes;
    file.spend(type.bytes);
    return file.at(at).text(withoutPadding(file.view(at, type.bytes), padding));
  });
}

/** Bytes of a text without what it is padded with. */
function withoutPadding(bytes: Uint8Array, padding: number): number {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === padding) end--;
  return end;
}

/** Names and texts of variable length end at their first zero, or with their bytes. */
function untilZero(text: string): string {
  const end = text.indexOf("\0");
  return end < 0 ? text : text.slice(0, end);
}
