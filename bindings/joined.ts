/** One array after another, in a new one. */
export function joined<Whole extends Uint8Array | Int32Array | Float32Array | Float64Array>(
  kind: new (length: number) => Whole,
  parts: readonly ArrayLike<number>[],
): Whole {
  const whole = new kind(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
