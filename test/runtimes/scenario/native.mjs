/**
 * The models as native files. In the project under test a file with their bytes takes this one's place.
 *
 * @type {{ name: string, ways: string[], bytes: Uint8Array }[]}
 */
export const models = [];
