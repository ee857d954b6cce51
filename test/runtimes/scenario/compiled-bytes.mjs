/**
 * Compiled models. In the project under test a file with all of them takes this one's place.
 *
 * @type {{ name: string, source: Uint8Array | WebAssembly.Module }[]}
 */
export const models = [];
