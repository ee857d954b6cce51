import { readFileSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import type { LayerDescription } from "../bindings/description.js";
import * as full from "../bindings/full.js";
import { load } from "../bindings/index.js";
import { loadWith } from "../bindings/model/load.js";
import { inlined } from "../bindings/runtime/inline.js";
import { wasmHex } from "../bindings/runtime/wasm-hex.js";
import { goldenFile } from "./support/golden.js";
import { fileOf, makeUp } from "./support/models.js";
import { refusal } from "./support/torch.js";

/*
 * Two editions: lmu.wasm, and lmu-full.wasm, which is imported when a model has a layer that the other does not know.
 */

const lmu = () => readFileSync(new URL("../models/mackey-glass.safetensors", import.meta.url));
const attention = () => goldenFile("language/lmu-lm-global.safetensors");
const core = inlined(() => wasmHex);

describe("load()", () => {
  test("imports the full edition for models that need it alone", async () => {
    const importing = vi.fn(() => Promise.resolve(full));
    const loadCounted = loadWith(core, importing);
    await loadCounted(lmu());
    expect(importing).not.toHaveBeenCalled();
    await loadCounted(attention());
    expect(importing).toHaveBeenCalledOnce();
  });

  const activation = (type: string) => ({ type: "activation", activation: { type } });
  test.each([
    ["pooling", { type: "pool", mode: "max", size: 2 }, true],
    ["a branch", { type: "add" }, true],
    ["gelu", activation("gelu"), true],
    ["relu6", activation("relu6"), false],
    ["the last row", { type: "last" }, false],
  ])("%s: whether it is of the full edition", async (_, kind, isFull) => {
    const layer = { name: "a", ...kind } as unknown as LayerDescription;
    const importing = vi.fn(() => Promise.resolve(full));
    await loadWith(core, importing)(fileOf(makeUp({ width: 1 }, [layer], {})));
    expect(importing).toHaveBeenCalledTimes(Number(isFull));
  });

  test("takes it from the caller, where there is no import()", async () => {
    const unable = loadWith(core, () => Promise.reject(new TypeError("no import()")));
    expect((await unable(attention(), { full })).vocabulary).toBe(61);
  });

  test("leaves a failed import as it is, and loads other models", async () => {
    const offline = loadWith(core, () => Promise.reject(new TypeError("offline")));
    await expect(offline(attention())).rejects.toThrow(new TypeError("offline"));
    expect((await offline(lmu())).outputSize).toBe(1);
  });

  test("lmu-full.wasm gives the bits of lmu.wasm", async () => {
    const input = Float32Array.from({ length: 300 }, (_, i) => ((i * 7) % 19) / 19 - 0.5);
    const [one, other] = [await load(lmu()), await load(lmu(), { wasm: full.module() })];
    expect(other.run(input)).toEqual(one.run(input));
  });

  // The debug build is both.
  const isDebug = process.env["LMU_WASM"] !== undefined;

  test.skipIf(isDebug)("refuses lmu.wasm for a model that needs the other", async () => {
    const { code, message } = await refusal(() => load(attention(), { wasm: core() }));
    expect(code).toBe("wasm-unavailable");
    expect(message).toMatch(/is not lmu-full\.wasm of this version/);
    expect((await load(attention(), { wasm: full.module() })).vocabulary).toBe(61);
  });

  test.each([
    ["null", null, "layer 0 is null"],
    ["a list", { name: "a", type: ["dense"] }, String.raw`layer a has type \["dense"\]`],
    ["unknown", { name: "a", type: "unknown" }, "expected one of .*attention"],
  ])("a layer that is %s is refused whichever edition is asked", async (_, layer, message) => {
    const model = makeUp({ width: 1 }, [layer as never], {});
    await expect(load(fileOf(model))).rejects.toThrow(new RegExp(message));
  });
});
