/**
 * Fields are written in the order of their literal, so that no names of records are shipped: 450 bytes of brotli. Bundles
 * drop what is labelled ASSERT.
 */
export function expectOrder(names: readonly string[], fields: object): void {
  const given = Object.keys(fields).join();
  if (given !== names.join()) throw new Error(`A record has ${given}, expected ${names.join()}`);
}
