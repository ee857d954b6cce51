import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type * as Index from "../bindings/index.js";
import type * as Worklet from "../bindings/worklet/worklet.js";
import { BLOCK, FakeContext, FakeNode, RATE } from "./support/audio.js";
import { fileOf, type LmuChoice, lmuModel, makeUp } from "./support/models.js";
import { Random } from "./support/random.js";

/*
 * The audio node as it is shipped, without an audio thread: what Web Audio brings is stood in for by support/audio.ts. Real
 * browsers run it in test/runtimes.
 */

const dist = new URL("../dist/", import.meta.url).href;
const { load } = (await import(`${dist}index.js`)) as typeof Index;
const { createLmuNode } = (await import(`${dist}worklet/worklet.js`)) as typeof Worklet;

beforeEach(() => void vi.stubGlobal("AudioWorkletNode", FakeNode));
afterEach(() => void vi.unstubAllGlobals());

const choice: LmuChoice = {
  ...{ inputs: 1, channels: 2, order: 8, theta: 30, hidden: "dense" as const, units: 12 },
  ...{ isFedBack: true, remembers: false, seesInput: true, hasBias: true, isLearned: false },
};

/** One LMU, then a layer that gives so many outputs. */
async function modelOf(inputs: number, outputs: number, seed = 1): Promise<Index.Model> {
  const lmu = lmuModel({ ...choice, inputs }, seed);
  const dense = makeUp({ width: 1 }, [], { "out.weight": [outputs, choice.units] }, seed + 7);
  const layers = [...lmu.description.layers, { name: "out", type: "dense" as const }];
  return load(
    fileOf({
      description: { ...lmu.description, layers },
      tensors: new Map([...lmu.tensors, ...dense.tensors]),
    }),
  );
}

async function nodeOf(model: Index.Model, options: Worklet.LmuNodeOptions = {}) {
  const context = new FakeContext();
  const lmu = await createLmuNode(context as unknown as BaseAudioContext, model, options);
  return { context, lmu };
}

const signal = new Random(3).floats(20 * BLOCK);

describe("createLmuNode()", () => {
  test.each([[undefined], ["model.safetensors"], [{ inputSize: 1 }]])(
    "not of %o",
    async (model) => {
      await expect(nodeOf(model as never)).rejects.toThrow(
        new TypeError(
          "Cannot run the model as a node: model is none that load of lmu-wasm has made",
        ),
      );
    },
  );

  test.each([[BLOCK], [1], [77], [400]])("a sample per frame, blocks of %i", async (block) => {
    const model = await modelOf(1, 1);
    const { context } = await nodeOf(model);
    const expected = model.stream().push(signal);
    expect(context.render(signal, block)).toEqual(expected);
  });

  test.each([
    [64, 64],
    [96, 32],
    [200, 200],
    [32, 1],
  ])("frames of %i samples, %i apart", async (size, hop) => {
    const model = await modelOf(size, hop);
    const { context } = await nodeOf(model, { hop });
    const padded = new Float32Array(size - hop + signal.length);
    padded.set(signal, size - hop);
    const stream = model.stream();
    const expected = new Float32Array(signal.length);
    for (let at = 0; at + hop <= signal.length; at += hop) {
      const output = stream.step(padded.subarray(at, at + size));
      expected.set(output.subarray(0, signal.length - at - hop + 1), at + hop - 1);
    }
    expect(context.render(signal)).toEqual(expected);
  });

  test("a value per frame is held", async () => {
    const model = await modelOf(32, 1);
    const { context } = await nodeOf(model);
    const output = context.render(signal);
    const expected = model.stream().push(signal);
    expect(output[30]).toBe(0);
    for (let t = 31; t < output.length; t++) expect(output[t]).toBe(expected[(t - 31) >> 5]);
  });

  test("other outputs come as messages and in shared memory, not as sound", async () => {
    const model = await modelOf(1, 3);
    const { context, lmu } = await nodeOf(model, { interval: 0.04, shared: true });
    const received: number[] = [];
    lmu.onoutputs = (outputs, frames) => {
      expect(outputs).toEqual(expected.subarray(3 * frames - 3, 3 * frames));
      received.push(frames);
    };
    const expected = model.stream().push(signal);
    expect(lmu.outputs).toEqual(new Float32Array(3).fill(NaN));
    expect(context.render(signal)).toEqual(new Float32Array(signal.length));
    expect(received).toEqual([640, 1280, 1920, 2560]);
    expect(lmu.outputs).toEqual(expected.subarray(-3));
  });

  test("hears the mean of its channels, and silence for what is not finite or not connected", async () => {
    const model = await modelOf(1, 1);
    const { context } = await nodeOf(model);
    const [left, right] = [new Random(1).floats(BLOCK), new Random(2).floats(BLOCK)];
    left[5] = NaN;
    right[9] = Infinity;
    const mean = left.map((value, i) => Math.fround((value + right[i]!) / 2));
    mean[5] = mean[9] = 0;
    const output = [new Float32Array(BLOCK), new Float32Array(BLOCK)];
    context.processor!.process([[left, right]], [output]);
    const stream = model.stream();
    expect(output[0]).toEqual(stream.push(mean));
    expect(output[1]).toEqual(output[0]);
    context.processor!.process([[]], [output]);
    expect(output[0]).toEqual(stream.push(new Float32Array(BLOCK)));
  });

  test.each([
    ["a sample per frame", 1, 1],
    ["frames of sound", 64, 64],
    ["a value per frame", 32, 1],
  ])("begins anew when outputs are not finite: %s", async (_, inputs, outputs) => {
    const layers = [
      { name: "e", type: "activation", activation: "exponential" },
      { name: "r", type: "rnn", activation: "relu" },
      { name: "d", type: "dense" },
    ] as const;
    const shapes = { "r.input": [5, inputs], "r.recurrent": [5, 5], "d.weight": [outputs, 5] };
    const model = await load(fileOf(makeUp({ width: inputs }, layers, shapes)));
    const { context, lmu } = await nodeOf(model);
    const errors: unknown[] = [];
    lmu.onerror = (error) => errors.push(error);
    const loud = context.render(new Float32Array(40 * BLOCK).fill(3e38));
    expect(loud.every(Number.isFinite)).toBe(true);
    expect(errors).toMatchObject([{ name: "LmuError", code: "input-invalid" }]);
    const after = context.render(signal);
    const rest = context.render(signal);
    expect([...after, ...rest].every(Number.isFinite)).toBe(true);
    expect(rest.some((value) => value !== rest[0])).toBe(true);
    expect(errors).toHaveLength(1);
  });

  test("reset returns to the beginning, close ends the processor", async () => {
    const model = await modelOf(1, 1);
    const { context, lmu } = await nodeOf(model);
    const first = context.render(signal);
    lmu.reset();
    expect(context.render(signal)).toEqual(first);
    lmu.close();
    expect(context.processor!.process([[]], [])).toBe(false);
    expect((lmu.node as unknown as FakeNode).isConnected).toBe(false);
  });

  test("goes on when the model is disposed", async () => {
    const model = await modelOf(1, 1);
    const { context } = await nodeOf(model);
    const expected = model.stream().push(signal);
    model.dispose();
    expect(context.render(signal)).toEqual(expected);
  });

  test("adds the processor once per context, from a URL if asked", async () => {
    const model = await modelOf(1, 1);
    const context = new FakeContext();
    const options = { processorUrl: "/processor.js" };
    await createLmuNode(context as unknown as BaseAudioContext, model, options);
    await createLmuNode(context as unknown as BaseAudioContext, model, options);
    expect(context.added).toEqual(["/processor.js"]);
  });

  test.each([
    [{ hop: 0 }, RangeError],
    [{ hop: 2 }, RangeError],
    [{ interval: -1 }, RangeError],
    [{ interval: NaN }, RangeError],
  ])("refuses %o", async (options, kind) => {
    const model = await modelOf(1, 1);
    await expect(nodeOf(model, options)).rejects.toThrow(kind);
  });

  test("refuses pages without worklets, and models that cannot stream", async () => {
    const model = await modelOf(1, 1);
    const page = {} as BaseAudioContext;
    await expect(createLmuNode(page, model)).rejects.toMatchObject({ code: "worklet-failed" });
    model.dispose();
    await expect(nodeOf(model)).rejects.toMatchObject({ code: "disposed" });
    const tokens = makeUp({ vocabulary: 5 }, [{ name: "e", type: "embedding" }], {
      "e.weight": [5, 1],
    });
    const reader = await load(fileOf(tokens));
    await expect(nodeOf(reader)).rejects.toMatchObject({ code: "input-invalid" });
  });
});

describe("swap()", () => {
  test("fades from the one to the other, without a jump", async () => {
    const [old, next] = [await modelOf(1, 1, 1), await modelOf(1, 1, 2)];
    const { context, lmu } = await nodeOf(old);
    const before = old.stream();
    expect(context.render(signal)).toEqual(before.push(signal));

    const [warmUp, fade] = [200, 300];
    const swapped = lmu.swap(next, { warmUp: warmUp / RATE, fade: fade / RATE });
    const output = context.render(signal);
    await swapped;

    const from = before.push(signal);
    // The first block goes into copying the weights.
    const to = next.stream().push(signal.subarray(BLOCK));
    for (let t = 0; t < signal.length; t++) {
      const share = Math.min(1, Math.max(0, (t - BLOCK - warmUp) / fade));
      const wanted = share * (to[t - BLOCK] ?? 0) + (1 - share) * from[t]!;
      expect(output[t]).toBeCloseTo(wanted, 6);
    }
    expect(output.at(-1)).toBe(to.at(-1));
  });

  test("refuses a second swap while one is under way, and what does not fit", async () => {
    const [old, next] = [await modelOf(1, 3), await modelOf(1, 3, 2)];
    const { context, lmu } = await nodeOf(old, { shared: true });
    await expect(lmu.swap(await modelOf(1, 2))).rejects.toThrow(RangeError);
    await expect(lmu.swap(next, { fade: -1 })).rejects.toThrow(RangeError);
    const first = lmu.swap(next);
    await expect(lmu.swap(next)).rejects.toMatchObject({ code: "worklet-failed" });
    context.render(signal);
    await first;
    const second = lmu.swap(old);
    lmu.close();
    await expect(second).rejects.toMatchObject({ code: "worklet-failed" });
    await expect(lmu.swap(old)).rejects.toMatchObject({ code: "worklet-failed" });
  });

  test("rejects, and onerror is called, once the processor has failed", async () => {
    const model = await modelOf(1, 3);
    const { lmu } = await nodeOf(model);
    const errors: unknown[] = [];
    lmu.onerror = (error) => errors.push(error);
    const swap = lmu.swap(model);
    (lmu.node as unknown as FakeNode).fail();
    await expect(swap).rejects.toMatchObject({ code: "worklet-failed" });
    await expect(lmu.swap(model)).rejects.toMatchObject({ code: "worklet-failed" });
    expect(errors).toMatchObject([{ code: "worklet-failed" }]);
  });

  test("rejects when the context is closed", async () => {
    const { lmu } = await nodeOf(await modelOf(1, 3));
    (lmu.node as unknown as FakeNode).context.state = "closed";
    await expect(lmu.swap(await modelOf(1, 3))).rejects.toThrow("the audio context is closed");
  });
});
