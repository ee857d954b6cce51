import { unzipSync, zlibSync } from "fflate";
import { describe, expect, test } from "vitest";
import { Budget } from "../bindings/source/budget.js";
import { type Hdf5Group, readHdf5 } from "../bindings/formats/containers/hdf5.js";
import { allocatedBy } from "./support/allocation.js";
import { goldenFile, valuesOf } from "./support/golden.js";
import {
  attribute,
  chunked,
  chunkKey,
  dataset,
  filter,
  fixedText,
  hdf5,
  header,
  HEAP_TEXT,
  heapOf,
  heapReferences,
  integer,
  joined,
  link,
  message,
  NOWHERE,
  softLink,
  tree,
} from "./support/hdf5.js";
import { refusal } from "./support/torch.js";

/*
 * HDF5 as h5py writes it, in every way that the library has to store it: test/golden/hdf5, made by make.py there. And as
 * only somebody writes it who has read the reader.
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

test.each([512, 1024, 2048])("a block of %i bytes in front changes nothing", async (bytes) => {
  const [file] = Object.values(files) as [Uint8Array];
  const behind = flatten(await readHdf5(joined(new Uint8Array(bytes), file)));
  expect(behind.groups).toEqual(flatten(await readHdf5(file)).groups);
});

/** The only dataset of a file. */
const only = async (file: Uint8Array, budget?: Budget) =>
  (await readHdf5(file, budget)).tensors.get("d")!;

/** A dataset in chunks of `length`, each with these bytes in the file. */
const inChunks = (
  shape: number,
  length: number,
  firsts: number[],
  bytes: Uint8Array,
  ...more: Uint8Array[]
) =>
  hdf5({
    root: (at) => header(link("d", at("d"))),
    d: (at) => dataset([shape], chunked(at("tree"), length), ...more),
    tree: (at) =>
      tree(
        1,
        0,
        firsts.map((first) => [chunkKey(bytes.length, first), at("chunk")]),
      ),
    chunk: () => bytes,
  });

const DEFLATE = filter(1, 6);
const range = (count: number) => Array.from({ length: count }, (_, i) => i);

describe("what costs more than the file is worth ends soon", () => {
  const group = (at: (name: string) => number) =>
    header(message(17, integer(at("tree"), 8), integer(at("names"), 8)));
  const names = () => joined("HEAP", [0, 0, 0, 0], integer(8, 8), integer(0, 8), integer(48, 8));
  const zeros = (bytes: number) => zlibSync(new Uint8Array(bytes), { level: 9 });

  test.each<[string, () => Uint8Array]>([
    [
      "a leaf that is many",
      () =>
        hdf5({
          root: group,
          names,
          tree: (at) =>
            tree(
              0,
              1,
              range(1000).map(() => [integer(0, 8), at("leaf")]),
            ),
          leaf: (at) =>
            tree(
              0,
              0,
              range(1000).map(() => [integer(0, 8), at("entries")]),
            ),
          entries: () => joined("SNOD", [1, 0, 0, 0]),
        }),
    ],
    [
      "a header that goes on with itself",
      () =>
        hdf5({
          root: (at) => header(message(16, integer(at("more"), 8), integer(28, 8))),
          more: (at) =>
            joined("OCHK", message(16, integer(at("more"), 8), integer(28, 8)), [0, 0, 0, 0]),
        }),
    ],
    [
      "one long text that is many",
      () =>
        hdf5({
          root: (at) =>
            header(attribute("a", HEAP_TEXT, [2000], heapReferences(at("heap"), 9e4, 2000))),
          heap: () => heapOf("a".repeat(9e4)),
        }),
    ],
    [
      "texts without bytes",
      () => hdf5({ root: () => header(attribute("a", fixedText(0), [2 ** 30], [])) }),
    ],
    [
      "one chunk that is many",
      () =>
        inChunks(
          1e5,
          1e5,
          range(2000).map(() => 0),
          new Uint8Array(4e5),
        ),
    ],
  ])("%s", async (_, make) => {
    const file = make();
    const allocated = await allocatedBy(async () => {
      const { code, message } = await refusal(async () => (await only(file)).at(0));
      expect([code, message]).toEqual([
        "format-invalid",
        expect.stringContaining("steps per byte"),
      ]);
    });
    expect(allocated).toBeLessThanOrEqual(32 * file.length + 2 ** 20);
  });

  test("zeros inflate a thousandfold, up to the budget", async () => {
    const file = inChunks(1e6, 1e6, [0], zeros(4e6), DEFLATE);
    expect((await only(file, new Budget(4e6))).at(999_999)).toBe(0);
    const tensor = await only(file, new Budget(4e6 - 1));
    const { code, message } = await refusal(() => tensor.at(0));
    expect([code, message]).toEqual(["source-too-large", expect.stringContaining("maxBytes")]);
  });

  test.each([
    ["never written", dataset([2 ** 20, 2 ** 20], joined([3, 1], NOWHERE, integer(0, 8)))],
    ["one chunk in many places", undefined],
  ])("elements beyond what deflate can make of a file are refused: %s", async (_, bare) => {
    const many = inChunks(
      1e7,
      1e6,
      range(10).map((i) => i * 1e6),
      zeros(4e6),
      DEFLATE,
    );
    const file = bare ? hdf5({ root: (at) => header(link("d", at("d"))), d: () => bare }) : many;
    const { message } = await refusal(async () => (await only(file)).at(0));
    expect(message).toContain("more than 1032 bytes of elements per byte of the file");
  });

  test("a chunk inflates to what it should hold, and no more", async () => {
    expect((await only(inChunks(10, 10, [0], zeros(40), DEFLATE))).at(9)).toBe(0);
    const bomb = inChunks(10, 10, [0], joined(zeros(4e6)), DEFLATE);
    expect((await refusal(async () => (await only(bomb)).at(0))).message).toContain("grows beyond");
  });
});

describe("structures that contradict themselves", () => {
  test("a sequence of texts without length is left out", async () => {
    const type = joined([0x19, 0, 0, 0], integer(16, 4), fixedText(0));
    const file = hdf5({
      root: (at) => header(attribute("a", type, [1], heapReferences(at("heap"), 0xfffffff0, 1))),
      heap: () => heapOf(""),
    });
    expect((await readHdf5(file)).attributes.size).toBe(0);
  });

  test("a tree inside itself is refused", async () => {
    const file = hdf5({
      root: (at) => header(link("d", at("d"))),
      d: (at) => dataset([8], chunked(at("tree"), 4)),
      tree: (at) => tree(1, 1, [[chunkKey(16, 0), at("tree")]]),
    });
    expect((await refusal(async () => (await only(file)).at(0))).message).toContain("wrong level");
  });

  test("a group inside itself is itself", async () => {
    const root = await readHdf5(hdf5({ root: (at) => header(link("a", at("root"))) }));
    expect(root.groups.get("a")).toBe(root);
  });

  test("links that lead to one another lead nowhere", async () => {
    const links = [softLink("a", "b"), softLink("b", "a"), softLink("self", "/self")];
    expect((await readHdf5(hdf5({ root: () => header(...links) }))).groups.size).toBe(0);
  });

  test("groups are nested 3000 deep", async () => {
    const depth = 3000;
    // Each brings the steps that a group takes, 1024, as bytes of its own.
    const padding = message(255, new Uint8Array(32));
    const group = (i: number) => (at: (name: string) => number) =>
      header(...(i < depth ? [link("", at(`${i + 1}`))] : []), padding);
    const inner = range(depth + 1).map((i) => [`${i}`, group(i)] as const);
    const file = hdf5({ root: (at) => header(link("", at("0"))), ...Object.fromEntries(inner) });
    let found = 0;
    for (let at = (await readHdf5(file)).groups.get(""); at; at = at.groups.get("")) found++;
    expect(found).toBe(depth + 1);
  });

  test("elements larger than their chunk stay as they are when bytes are shuffled", async () => {
    const chunk = new Uint8Array(Float32Array.of(1, 2).buffer);
    expect((await only(inChunks(2, 2, [0], chunk, filter(2, 2 ** 32 - 1)))).at(1)).toBe(2);
  });
});

describe("damage is found", () => {
  const f32 = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);

  test("by the checksum of deflated data", async () => {
    const packed = zlibSync(f32(1, 2, 3), { level: 0 });
    packed[10]! ^= 1;
    const tensor = await only(inChunks(3, 3, [0], packed, DEFLATE));
    expect((await refusal(() => tensor.at(0))).message).toContain("another checksum");
  });

  test("by Fletcher's checksum", async () => {
    const chunk = joined(f32(1, 2, 3), [1, 2, 3, 4]);
    const tensor = await only(inChunks(3, 3, [0], chunk, filter(3, 0)));
    expect((await refusal(() => tensor.at(0))).message).toContain("another checksum");
  });

  test("where a file is cut off", async () => {
    for (const file of Object.values(files)) {
      const { message } = await refusal(() => readHdf5(file.subarray(0, file.length - 1)));
      expect(message).toContain("cut off");
    }
  });
});
