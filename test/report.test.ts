import { expect, test } from "vitest";
import { load } from "../bindings/index.js";
import { goldenFile, kerasConfig } from "./support/golden.js";

/*
 * Options of layers in a report, judged by the configurations that Keras wrote.
 */

test("order, theta, discretizer and the hidden cell of an LMU", async () => {
  const file = "keras/hidden-gru-reset-before.keras";
  const config = JSON.stringify(await kerasConfig(file));
  const theirs = (key: string) => Number(new RegExp(`"${key}":([\\d.]+)`).exec(config)![1]);
  const { layers } = (await load(goldenFile(file))).report();
  const lmu = layers.find(({ type }) => type === "lmu")!;
  expect(lmu.options).toMatchObject({ order: theirs("order"), theta: theirs("theta") });
  expect(lmu.options["hidden"]).toMatchObject({ type: "gru", resetAfter: false });
  const euler = (await load(goldenFile("keras/memory-euler.keras"))).report();
  expect(euler.layers[0]!.options).toMatchObject({ discretizer: "euler" });
});

test("kernel, stride and padding of a convolution", async () => {
  const { layers } = (await load(goldenFile("keras/conv-front-end.keras"))).report();
  const [, second] = layers.filter(({ type }) => type === "convolution");
  expect(second!.options).toMatchObject({ stride: 2, padding: [2, 0] });
  expect(second!.tensors[0]).toMatchObject({ shape: [8, 3, 8] });
});

test("a report is a copy: what is done to it does nothing to the model", async () => {
  const model = await load(goldenFile("keras/conv-front-end.keras"));
  const report = model.report();
  const before = structuredClone(report);
  const [layer] = report.layers as unknown as {
    options: Record<string, unknown>;
    tensors: unknown[];
  }[];
  layer!.options["padding"] = "none";
  layer!.tensors.length = 0;
  expect(model.report()).toEqual(before);
});
