/*
 * Counts what is allocated by length: `new Float32Array(n)` and its kin. Views of a buffer cost nothing.
 */

const KINDS = [
  ...["ArrayBuffer", "Uint8Array", "Int8Array", "Uint16Array", "Int16Array", "Uint32Array"],
  ...["Int32Array", "Float32Array", "Float64Array", "Array"],
] as const;

/** Bytes of one element, by kind. */
function elementBytes(kind: string): number {
  return kind === "ArrayBuffer" ? 1 : kind === "Array" ? 8 : Number(/\d+/.exec(kind)![0]) / 8;
}

/** Runs something asynchronous and gives the bytes it allocated by length. */
export async function allocatedBy(run: () => Promise<unknown>): Promise<number> {
  let bytes = 0;
  const scope = globalThis as unknown as Record<string, new (...rest: unknown[]) => object>;
  const originals = KINDS.map((kind) => [kind, scope[kind]!] as const);
  for (const [kind, original] of originals) {
    scope[kind] = new Proxy(original, {
      construct(target, rest, newTarget) {
        if (typeof rest[0] === "number") bytes += rest[0] * elementBytes(kind);
        return Reflect.construct(target, rest, newTarget) as object;
      },
    });
  }
  try {
    await run();
  } finally {
    for (const [kind, original] of originals) scope[kind] = original;
  }
  return bytes;
}
