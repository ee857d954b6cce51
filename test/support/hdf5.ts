/*
 * HDF5 files made by hand, as no library would write them: superblock 2, object headers 2, 8-byte addresses.
 */

/** An address that leads nowhere. */
export const NOWHERE = [255, 255, 255, 255, 255, 255, 255, 255];

/** Little-endian. */
export function integer(value: number, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** i) % 256);
}

type Part = string | readonly number[] | Uint8Array;

export function joined(...parts: readonly Part[]): Uint8Array {
  return Buffer.concat(
    parts.map((part) =>
      typeof part === "string" ? Buffer.from(part, "latin1") : Buffer.from(part),
    ),
  );
}

export function message(type: number, ...parts: readonly Part[]): Uint8Array {
  const body = joined(...parts);
  return joined([type], integer(body.length, 2), [0], body);
}

export function header(...messages: readonly Uint8Array[]): Uint8Array {
  const body = joined(...messages);
  return joined("OHDR", [2, 2], integer(body.length, 4), body, [0, 0, 0, 0]);
}

const shapeOf = (shape: readonly number[]) =>
  joined([2, shape.length, 0, 1], ...shape.map((length) => integer(length, 8)));

const F32 = [0x11, 0x20, 31, 0, ...integer(4, 4), 0, 0, 32, 0, 23, 8, 0, 23, ...integer(127, 4)];
/** Texts of so many bytes, and those that stand in a heap. */
export const fixedText = (bytes: number) => [0x13, 0, 0, 0, ...integer(bytes, 4)];
export const HEAP_TEXT = [0x19, 1, 0, 0, ...integer(16, 4), 0x13, 0, 0, 0, 1, 0, 0, 0];

export function attribute(name: string, type: Part, shape: readonly number[], value: Part) {
  const [typeBytes, space] = [joined(type), shapeOf(shape)];
  const sizes = [name.length + 1, typeBytes.length, space.length].map((size) => integer(size, 2));
  return message(12, [3, 0], ...sizes, [0], `${name}\0`, typeBytes, space, value);
}

export function link(name: string, address: number): Uint8Array {
  return message(6, [1, 0, name.length], name, integer(address, 8));
}

export function softLink(name: string, path: string): Uint8Array {
  return message(6, [1, 8, 1, name.length], name, integer(path.length, 2), path);
}

/** A dataset of f32 with this layout, and further messages. */
export function dataset(shape: readonly number[], layout: Part, ...more: readonly Uint8Array[]) {
  return header(message(1, shapeOf(shape)), message(3, F32), ...more, message(8, layout));
}

/** Layout in chunks of one axis, listed by the tree at an address. */
export function chunked(tree: number, length: number): Uint8Array {
  return joined([3, 2, 2], integer(tree, 8), integer(length, 4), integer(4, 4));
}

export function filter(id: number, value: number): Uint8Array {
  return message(11, [2, 1], integer(id, 2), integer(0, 2), integer(1, 2), integer(value, 4));
}

/** A node of a B-tree: keys, each with the address of a child. */
export function tree(type: number, level: number, children: readonly [Part, number][]): Uint8Array {
  const parts = children.flatMap(([key, child]) => [key, integer(child, 8)]);
  return joined("TREE", [type, level], integer(children.length, 2), NOWHERE, NOWHERE, ...parts);
}

/** The key of a chunk: bytes in the file, and its first element. */
export function chunkKey(bytes: number, first: number): Uint8Array {
  return joined(integer(bytes, 4), integer(0, 4), integer(first, 8), integer(0, 8));
}

/** A collection of one text, and as many references to it as one likes. */
export function heapOf(text: string): Uint8Array {
  const object = joined(integer(1, 2), integer(1, 2), integer(0, 4), integer(text.length, 8), text);
  return joined("GCOL", [1, 0, 0, 0], integer(16 + object.length, 8), object);
}

export function heapReferences(heap: number, bytes: number, count: number): Uint8Array {
  const one = joined(integer(bytes, 4), integer(heap, 8), integer(1, 4));
  return joined(...Array<Uint8Array>(count).fill(one));
}

type Blocks = Readonly<Record<string, (address: (name: string) => number) => Uint8Array>>;

/** A file of these blocks, each of which may ask where others stand; "root" is the root group's header. */
export function hdf5(blocks: Blocks): Uint8Array {
  const places = new Map<string, number>();
  const at = (name: string) => places.get(name) ?? 0;
  let parts: Uint8Array[] = [];
  let end = 0;
  // Twice: only then everybody knows where the others stand.
  for (let pass = 0; pass < 2; pass++) {
    parts = [];
    end = 48;
    for (const [name, block] of Object.entries(blocks)) {
      places.set(name, end);
      const bytes = block(at);
      parts.push(bytes);
      end += bytes.length;
    }
  }
  const sizes = [2, 8, 8, 0];
  const addresses = [integer(0, 8), NOWHERE, integer(end, 8), integer(at("root"), 8)];
  return new Uint8Array(
    joined([0x89], "HDF\r\n\x1a\n", sizes, ...addresses, [0, 0, 0, 0], ...parts),
  );
}
