import { crc32, deflateRawSync } from "node:zlib";
import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { LmuError } from "../bindings/errors.js";
import { openZip } from "../bindings/formats/containers/zip.js";
import { Budget } from "../bindings/source/budget.js";
import { takeAll } from "../bindings/source/gather.js";
import { openReader } from "../bindings/source/reader.js";
import { allocatedBy } from "./support/allocation.js";
import { Random } from "./support/random.js";
import { zipOf } from "./support/zip.js";

async function unzip(
  bytes: Uint8Array,
  wants: (name: string) => boolean = () => true,
  budget?: Budget,
) {
  return (await openZip(bytes)).unpack(wants, budget);
}

const random = new Random(1);
const noise = Uint8Array.from({ length: 1000 }, () => random.integer(256));
const zeros = new Uint8Array(1000);
const archive = zipSync(
  { "a/noise": noise, "ä.bin": [zeros, { level: 9 }], empty: new Uint8Array(0) },
  { level: 0, comment: "made by a test" },
);

/** The same archive with 64-bit fields: every size and offset of the directory stands in a field of its own. */
function wide(): Uint8Array {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.length);
  let end = archive.length - 22;
  while (view.getUint32(end, true) !== 0x06054b50) end--;
  const parts: Uint8Array[] = [archive.slice(0, view.getUint32(end + 16, true))];
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  for (let i = 0; i < count; i++) {
    const name = view.getUint16(at + 28, true);
    const entry = new Uint8Array(46 + name + 28);
    entry.set(archive.subarray(at, at + 46 + name));
    const out = new DataView(entry.buffer);
    out.setUint16(30, 28, true);
    out.setUint16(32, 0, true);
    out.setUint16(46 + name, 1, true);
    out.setUint16(46 + name + 2, 24, true);
    [24, 20, 42].forEach((field, place) => {
      out.setBigUint64(46 + name + 4 + 8 * place, BigInt(view.getUint32(at + field, true)), true);
      out.setUint32(field, 0xffffffff, true);
    });
    parts.push(entry);
    at += 46 + name + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  const before = parts.reduce((sum, { length }) => sum + length, 0);
  const tail = new DataView(new ArrayBuffer(56 + 20 + 22));
  tail.setUint32(0, 0x06064b50, true);
  tail.setBigUint64(32, BigInt(count), true);
  tail.setBigUint64(48, BigInt(parts[0]!.length), true);
  tail.setUint32(56, 0x07064b50, true);
  tail.setBigUint64(64, BigInt(before), true);
  tail.setUint32(76, 0x06054b50, true);
  tail.setUint16(86, 0xffff, true);
  tail.setUint32(92, 0xffffffff, true);
  const bytes = new Uint8Array(before + tail.byteLength);
  let to = 0;
  for (const part of [...parts, new Uint8Array(tail.buffer)]) {
    bytes.set(part, to);
    to += part.length;
  }
  return bytes;
}

describe("openZip()", () => {
  test.each([
    ["32-bit", archive],
    ["64-bit", wide()],
  ])("reads stored and compressed files of a %s directory", async (_, bytes) => {
    const files = await unzip(bytes);
    expect([...files.keys()]).toEqual(["a/noise", "ä.bin", "empty"]);
    expect(files.get("a/noise")).toEqual(noise);
    expect(files.get("ä.bin")).toEqual(zeros);
    expect(files.get("empty")).toHaveLength(0);
  });

  test("gives views of stored files, and unpacks what is wanted only", async () => {
    const files = await unzip(archive, (name) => name === "a/noise");
    expect([...files.keys()]).toEqual(["a/noise"]);
    expect(files.get("a/noise")!.buffer).toBe(archive.buffer);
    expect((await openZip(archive)).names).toHaveLength(3);
  });

  test("zeros inflate a thousandfold, up to the budget", async () => {
    const archive = zipSync({ zeros: new Uint8Array(10_000_000) }, { level: 9 });
    const files = await unzip(archive, undefined, new Budget(10_000_000));
    expect(Buffer.compare(files.get("zeros")!, new Uint8Array(10_000_000))).toBe(0);
    await expect(unzip(archive, undefined, new Budget(9_999_999))).rejects.toMatchObject({
      code: "source-too-large",
      message: expect.stringContaining("maxBytes") as string,
    });
  });

  const deflated = { name: "a", packed: deflateRawSync(noise), content: noise, method: 8 };
  const stored = { name: "a", packed: noise };
  const turned = noise.map((byte, i) => (i === 500 ? byte ^ 64 : byte));

  test.each<[string, Uint8Array, RegExp]>([
    ["a flipped bit", zipOf([{ ...stored, packed: turned, crc: crc32(noise) }]), /is damaged/],
    [
      "a flipped bit before compression",
      zipOf([{ ...deflated, content: turned }]),
      /"a" is damaged: its CRC-32/,
    ],
    ["an encrypted file", zipOf([{ ...stored, flags: 1 }]), /"a" is encrypted/],
    ["another compression", zipOf([{ ...stored, method: 9 }]), /another way than deflate/],
    ["too few bytes", zipOf([{ ...deflated, bytes: 1001 }]), /has 1000 bytes, expected the 1001/],
    ["too many bytes", zipOf([{ ...deflated, bytes: 999 }]), /has more bytes, expected the 999/],
    ["stored bytes beyond the claim", zipOf([{ ...stored, bytes: 999 }]), /expected the 999/],
    ["a stored file that claims more", zipOf([{ ...stored, bytes: 1001 }]), /too few for/],
    ["a claim that deflate cannot make", zipOf([{ ...deflated, bytes: 2 ** 31 }]), /too few for/],
    ["another name in front", zipOf([{ ...stored, local: { name: "b" } }]), /contradict/],
    ["another method in front", zipOf([{ ...stored, local: { method: 8 } }]), /contradict/],
    ["two files of a name", zipOf([stored, stored]), /"a" is there twice/],
    ["overlapping files", zipOf([stored, { ...stored, name: "b", at: 0 }]), /contradict/],
    [
      "a file within a file",
      zipOf([
        { name: "a", packed: zipOf([{ ...stored, name: "b" }]) },
        { ...stored, name: "b", at: 31 },
      ]),
      /"b" begins within "a"/,
    ],
    ["no header in front", zipOf([{ ...stored, at: 5 }]), /no header of its own/],
    ["a truncated stream", zipOf([{ ...deflated, packed: deflated.packed.subarray(9) }]), /zip/],
  ])("refuses %s", async (_, bytes, message) => {
    const error = await unzip(bytes).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "format-invalid" });
    expect((error as Error).message).toMatch(message);
  });

  test("inflates no more than a little beyond the claim", async () => {
    const bomb = deflateRawSync(new Uint8Array(200 << 20));
    const file = { name: "a", packed: bomb, bytes: 200_000, method: 8 };
    const allocated = await allocatedBy(() =>
      unzip(zipOf([file])).catch((error: unknown) =>
        expect(error).toMatchObject({ code: "format-invalid" }),
      ),
    );
    expect(allocated).toBeLessThan(50 << 20);
  });

  test("gives files or an LmuError, whatever is broken", async () => {
    for (let seed = 0; seed < 3000; seed++) {
      const broken = (seed % 2 ? archive : wide()).slice();
      const change = new Random(seed);
      const from = change.integer(2) ? 0 : 1000;
      for (let i = 0; i < 3; i++) {
        broken[from + change.integer(broken.length - from)] = [0, 255, 80][change.integer(3)]!;
      }
      const cut = seed % 5 ? broken : broken.subarray(0, change.integer(broken.length));
      await unzip(cut).catch((error: unknown) => expect(error).toBeInstanceOf(LmuError));
    }
  });
});

describe("SourceReader", () => {
  /** A stream of pieces of these lengths of the noise. */
  function streamOf(...lengths: number[]): ReadableStream<Uint8Array> {
    let at = 0;
    return new ReadableStream({
      start(controller) {
        for (const length of lengths) controller.enqueue(noise.slice(at, (at += length)));
        controller.close();
      },
    });
  }

  const open = (source: Parameters<typeof openReader>[0]) => openReader(source, {});

  test.each([[[1000]], [[0, 1000]], [[1, 999]], [[300, 0, 300, 400]], [Array(1000).fill(1)], [[]]])(
    "takes all of pieces of %j bytes, before and after a peek",
    async (lengths: number[]) => {
      const expected = noise.subarray(
        0,
        lengths.reduce((a, b) => a + b, 0),
      );
      expect((await takeAll(await open(streamOf(...lengths)))).bytes).toEqual(expected);
      const reader = await open(streamOf(...lengths));
      expect(await reader.peek(9)).toEqual(expected.subarray(0, 9));
      expect((await takeAll(reader)).bytes).toEqual(expected);
    },
  );

  test("takes portions across pieces", async () => {
    const reader = await open(streamOf(10, 1, 1, 500, 488));
    const sizes = [5, 6, 3, 0, 400, 1, 500, 85];
    let at = 0;
    for (const size of sizes) {
      expect(await reader.take(size)).toEqual(noise.subarray(at, at + size));
      at += size;
    }
    expect(at).toBe(1000);
    expect(await reader.take(1)).toBeUndefined();
  });

  test("copies nothing that came in one piece, and says when it did", async () => {
    const whole = await open(noise);
    const taken = await takeAll(whole);
    expect(taken.bytes.buffer).toBe(noise.buffer);
    expect(taken.isOwn).toBe(false);
    const { isOwn } = await takeAll(await open(streamOf(500, 500)));
    expect(isOwn).toBe(true);
  });

  test("a length that is a lie costs nothing and changes nothing", async () => {
    for (const length of ["7", "900000000"]) {
      const response = new Response(streamOf(400, 600), { headers: { "content-length": length } });
      expect((await takeAll(await open(response))).bytes).toEqual(noise);
    }
  });
});
