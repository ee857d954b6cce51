import { readFileSync } from "node:fs";
import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { LmuError } from "../bindings/errors.js";
import { readNpy } from "../bindings/formats/containers/npy.js";
import { isNpz, readNpz } from "../bindings/formats/containers/npz.js";
import { openZip } from "../bindings/formats/containers/zip.js";
import { readSafetensors } from "../bindings/formats/containers/safetensors.js";
import { sizeOf, type Tensor } from "../bindings/tensor.js";
import { allocatedBy } from "./support/allocation.js";
import { Random } from "./support/random.js";

const GOLDEN = new URL("golden/legacy/", import.meta.url);
const bytesOf = (file: string): Uint8Array => new Uint8Array(readFileSync(new URL(file, GOLDEN)));
const valuesOf = (tensor: Tensor): number[] =>
  Array.from({ length: sizeOf(tensor.shape) }, (_, i) => tensor.at(i));

/** An .npy file with any header. */
function npy(header: string, data: ArrayBuffer | number[] = [], version = 1): Uint8Array {
  const lengthBytes = version === 1 ? 2 : 4;
  const text = [...header].map((letter) => letter.charCodeAt(0));
  const length = Array.from({ length: lengthBytes }, (_, i) => (text.length >> (8 * i)) & 255);
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0];
  return Uint8Array.from([...magic, ...length, ...text, ...new Uint8Array(data)]);
}

const read = async (bytes: Uint8Array) => readNpz(await openZip(bytes));

const header = (descr: string, shape: string, isFortran = false): string =>
  `{'descr': '${descr}', 'fortran_order': ${isFortran ? "True" : "False"}, 'shape': ${shape}, }   \n`;

function view(
  count: number,
  bytes: number,
  write: (view: DataView, i: number) => void,
): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(count * bytes));
  for (let i = 0; i < count; i++) write(view, i);
  return view.buffer;
}

describe("readNpz()", () => {
  test("reads the arrays of a file under their names", async () => {
    const { tensors: arrays } = await read(bytesOf("bjkomer-lmu.npz"));
    const { tensors } = readSafetensors(bytesOf("bjkomer-lmu.safetensors"));
    expect([...arrays.keys()].sort()).toEqual([...tensors.keys()].sort());
    for (const [name, array] of arrays) {
      expect(array.shape).toEqual(tensors.get(name)!.shape);
      expect(valuesOf(array)).toEqual(valuesOf(tensors.get(name)!));
    }
  });

  test("reads compressed archives", async () => {
    const zip = zipSync({ "a.npy": npy(header("|i1", "(2,)"), [1, 255]) }, { level: 9 });
    expect(valuesOf((await read(zip)).tensors.get("a")!)).toEqual([1, -1]);
  });

  test("leaves out texts and complex numbers, and says so", async () => {
    const zip = zipSync({
      "a.npy": npy(header("<U3", "(1,)"), new Array<number>(12).fill(0)),
      "b.npy": npy(header("<c8", "(1,)"), new Array<number>(8).fill(0)),
      "c.npy": npy(header("|u1", "(1,)"), [1]),
    });
    const { tensors, notes } = await read(zip);
    expect([...tensors.keys()]).toEqual(["c"]);
    expect(notes).toEqual([expect.stringContaining("a, b")]);
  });

  test("knows an archive of arrays by its names", () => {
    expect(isNpz(["a.npy", "b/c.npy"])).toBe(true);
    expect(isNpz([])).toBe(false);
    expect(isNpz(["a.npy", "data.pkl"])).toBe(false);
  });

  test("loads or refuses files with broken bytes, in four times their memory", async () => {
    const whole = bytesOf("bjkomer-lmu.npz");
    const random = new Random(5);
    for (let round = 0; round < (process.env["CI"] ? 1000 : 200); round++) {
      const bytes = whole.slice(0, round % 10 === 0 ? random.integer(whole.length) : whole.length);
      for (let i = random.integer(4); i >= 0; i--) {
        if (bytes.length) bytes[random.integer(bytes.length)] = random.integer(256);
      }
      const allocated = await allocatedBy(() =>
        read(bytes).catch((error: unknown) => expect(error).toBeInstanceOf(LmuError)),
      );
      expect(allocated, `round ${round}`).toBeLessThanOrEqual(4 * whole.length);
    }
  });
});

describe("readNpy()", () => {
  test.each([
    ["<f4", view(2, 4, (v, i) => v.setFloat32(4 * i, i + 0.5, true)), [0.5, 1.5]],
    [">f4", view(2, 4, (v, i) => v.setFloat32(4 * i, i + 0.5)), [0.5, 1.5]],
    [">f8", view(2, 8, (v, i) => v.setFloat64(8 * i, i + 0.25)), [0.25, 1.25]],
    ["<f2", view(2, 2, (v, i) => v.setUint16(2 * i, [0x3c00, 0xc000][i]!, true)), [1, -2]],
    ["|i1", view(2, 1, (v, i) => v.setInt8(i, -i)), [-0, -1]],
    ["<i2", view(2, 2, (v, i) => v.setInt16(2 * i, -300 * i, true)), [-0, -300]],
    [">i4", view(2, 4, (v, i) => v.setInt32(4 * i, -70000 * i)), [-0, -70000]],
    ["<i8", view(2, 8, (v, i) => v.setBigInt64(8 * i, -5n * BigInt(i), true)), [-0, -5]],
    ["|u1", view(2, 1, (v, i) => v.setUint8(i, 250 + i)), [250, 251]],
    ["|b1", view(2, 1, (v, i) => v.setUint8(i, i)), [0, 1]],
  ])("reads %s", (descr, data, values) => {
    expect(valuesOf(readNpy("a", npy(header(descr, "(2,)"), data))!).map((v) => v + 0)).toEqual(
      values.map((v) => v + 0),
    );
  });

  test("reads all versions, scalars, and shapes as Python 2 wrote them", () => {
    for (const version of [1, 2, 3]) {
      expect(valuesOf(readNpy("a", npy(header("|u1", "()"), [9], version))!)).toEqual([9]);
    }
    expect(readNpy("a", npy(header("|u1", "(2L, 1L)"), [1, 2]))!.shape).toEqual([2, 1]);
    const double = `{"descr": "|u1", "fortran_order": False, "shape": (1,)}`;
    expect(valuesOf(readNpy("a", npy(double, [3]))!)).toEqual([3]);
  });

  test("turns Fortran order into ours", () => {
    const matrix = readNpy("a", npy(header("|u1", "(2, 3)", true), [1, 4, 2, 5, 3, 6]))!;
    expect([matrix.shape, valuesOf(matrix)]).toEqual([
      [2, 3],
      [1, 2, 3, 4, 5, 6],
    ]);
    const cube = readNpy("a", npy(header("|u1", "(2, 1, 2)", true), [1, 3, 2, 4]))!;
    expect([cube.shape, valuesOf(cube)]).toEqual([
      [2, 1, 2],
      [1, 2, 3, 4],
    ]);
  });

  test.each([
    ["objects, which are pickles", npy(header("|O", "(1,)"), [1]), /elements "\|O"/],
    ["an unknown byte order", npy(header("!f4", "(1,)"), [1, 2, 3, 4]), /elements "!f4"/],
    ["records", npy("{'descr': [('a', '<f4')], 'shape': ()}"), /no dict of texts/],
    ["calls", npy("{'descr': __import__('os').system('true')}"), /no dict of texts/],
    ["a list for a header", npy("['descr']"), /no dict/],
    ["a header without a shape", npy("{'descr': '<f4', 'fortran_order': False}"), /without descr/],
    ["a header without an end", npy("{'descr': '<f4', 'shape': (1,"), /broken shape/],
    ["a nested shape", npy(header("|u1", "((1,),)"), [1]), /broken shape/],
    ["a negative shape", npy(header("|u1", "(-1,)"), [1]), /no dict of texts/],
    ["a shape beyond the file", npy(header("<f8", "(4000000000, 4000000000)")), /expected/],
    ["too few bytes", npy(header("<f4", "(2,)"), [1]), /has 1 bytes, expected 8/],
    [
      "a header longer than the file",
      npy(header("<f4", "(2,)")).subarray(0, 40),
      /within its header/,
    ],
    ["a long header", npy(" ".repeat(20_000)), /too long a header/],
    ["version 9", npy(header("|u1", "(1,)"), [1], 9), /version 1 to 3/],
    ["something else", Uint8Array.of(1, 2, 3), /no \.npy file/],
  ])("refuses %s", (_name, bytes, message) => {
    expect(() => readNpy("a", bytes)).toThrow(LmuError);
    expect(() => readNpy("a", bytes)).toThrow(message);
  });
});
