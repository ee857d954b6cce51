import { unzipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { type Hdf5Group, readHdf5 } from "../bindings/formats/containers/hdf5.js";
import { goldenFile, valuesOf } from "./support/golden.js";
import { refusal } from "./support/torch.js";

/*
 * HDF5 as h5py writes it, in every way that the library has to store it: test/golden/hdf5, made by make.py there.
 */

interface Expected {
  readonly groups: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly datasets: Readonly<Record<string, { shape: number[]; values: number[] | number }>>;
  readonly refused: Readonly<Record<string, string>>;
}

const expected = JSON.parse(new TextDecoder().decode(goldenFile("hdf5/expected.json"))) as Record<
  string,
  Expected
>;
const files = unzipSync(goldenFile("hdf5/files.zip"));

/** Groups and datasets of a file by path. */
function flatten(group: Hdf5Group, path = "", into = { groups: new Map(), tensors: new Map() }) {
  into.groups.set(path || "/", Object.fromEntries(group.attributes));
  for (const [name, tensor] of group.tensors) into.tensors.set(`${path}/${name}`, tensor);
  for (const [name, child] of group.groups) flatten(child, `${path}/${name}`, into);
  return into;
}

describe.each(Object.entries(expected))("%s.h5", (name, { groups, datasets, refused }) => {
  const read = async () => flatten(await readHdf5(files[`${name}.h5`]!));

  test("groups and attributes", async () => {
    expect(Object.fromEntries((await read()).groups)).toEqual(groups);
  });

  test("numbers", async () => {
    const { tensors } = await read();
    expect([...tensors.keys()].sort()).toEqual(
      [...Object.keys(datasets), ...Object.keys(refused)].sort(),
    );
    for (const [path, { shape, values }] of Object.entries(datasets)) {
      const tensor = tensors.get(path);
      expect(tensor.shape, path).toEqual(shape);
      expect([...valuesOf(tensor)], path).toEqual([values].flat());
    }
  });

  test.runIf(Object.keys(refused).length > 0)("what has no numbers is refused", async () => {
    const { tensors } = await read();
    for (const [path, reason] of Object.entries(refused)) {
      const { code, message } = await refusal(() => tensors.get(path).at(0));
      expect([code, message]).toEqual(["option-unsupported", expect.stringContaining(reason)]);
    }
  });
});
