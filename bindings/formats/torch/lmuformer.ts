import { LmuError } from "../../errors.js";
import type { Importer, Output } from "../importer.js";
import type { Dialect, Layer } from "./dialect.js";
import { PYTORCH_LMUFFT } from "./lmu-repositories.js";
import { BATCH_NORM, CONV1D, LINEAR } from "./modules.js";
import type { Weights } from "./tensors.js";

/*
 * LMUFormer (arXiv 2402.04882, zeyuliu1037/LMUFormer), the network without spikes, lmu_rnn_conv1d:
 *
 *   patches  x ← norm(relu(conv(x))), four times in the published network; x ← x + conv(x). Three taps each, padded on both
 *            sides: five frames of look-ahead
 *   blocks   x ← x + norm(conv(LMUFFT(x))); x ← x + relu(norm(conv(gelu(norm(conv(x)))))), convolutions of one tap
 *   head     linear, of the mean over time
 *
 * The mean so far is what a stream gives: the published code's test mode "all_seq".
 */

const PATCHES = "patch_embed.conv_layers";
const POSITION = "patch_embed.rpe_conv";

/** What only the spiking networks have: their patches, and the norms before their spikes. */
const SPIKING = ["patch_embed.proj_conv.weight", "block.0.attn.lmu.bn_u.weight"];

export const LMUFORMER: Dialect = {
  options: ["epsilon"],
  landmarks: [`${POSITION}.weight`],
  widths({ name, weights }) {
    const spiking = SPIKING.find((tensor) => weights.has(tensor));
    if (spiking !== undefined) {
      throw new LmuError(
        "layer-unsupported",
        `Cannot load the model: lmuformer ${name} has ${spiking} of a spiking network, expected one without spikes`,
      );
    }
    const [, inputs] = weights.get(`${PATCHES}.0.0.weight`, undefined, undefined, 3).shape;
    const [width] = weights.get(`${POSITION}.weight`, undefined, undefined, 3).shape;
    return { inputs: inputs!, outputs: () => weights.shapeOf("head.weight")[0] ?? width! };
  },
  import(layer, x, importer) {
    let y = importPatches(layer, x, importer);
    for (let i = 0; hasBlock(layer.weights, i); i++) {
      y = importBlock(within(layer, `block.${i}`), y, importer);
    }
    const mean = { type: "global-pool", mode: "mean" } as const;
    y = importer.add(`${layer.name}/mean`, mean, [y], y.width);
    // num_classes 0 is a network without a head.
    return layer.weights.has("head.weight") ? LINEAR.import(within(layer, "head"), y, importer) : y;
  },
};

function importPatches(layer: Layer, x: Output, importer: Importer): Output {
  let y = x;
  for (let i = 0; hasPatch(layer.weights, i); i++) {
    const stage = within(layer, `${PATCHES}.${i}`);
    y = convolution(within(stage, "0"), y, "relu", importer);
    y = BATCH_NORM.import(within(stage, "3"), y, importer);
  }
  return addTo(y, convolution(within(layer, POSITION), y, "linear", importer), importer);
}

function importBlock(block: Layer, x: Output, importer: Importer): Output {
  const attention = within(block, "attn");
  const h = PYTORCH_LMUFFT.import(within(attention, "lmu"), x, importer);
  const y = addTo(x, normed(attention, "proj", h, importer), importer);
  const mlp = within(block, "mlp");
  const inner = activate("gelu", normed(mlp, "fc1", y, importer), importer);
  return addTo(y, activate("relu", normed(mlp, "fc2", inner, importer), importer), importer);
}

/** Three taps, as many frames out as in. */
function convolution(layer: Layer, x: Output, activation: string, importer: Importer): Output {
  layer.weights.get("weight", undefined, x.width, 3);
  return CONV1D.import({ ...layer, options: { padding: 1, activation } }, x, importer);
}

/** norm(W x + b): a convolution of one tap, NAME_conv, which is a dense layer, and NAME_bn. */
function normed(layer: Layer, name: string, x: Output, importer: Importer): Output {
  const conv = within(layer, `${name}_conv`);
  const weight = conv.weights.get("weight", undefined, x.width, 1);
  const width = weight.shape[0]!;
  const y = importer.add(conv.name, { type: "dense" }, [x], width, {
    weight: { ...weight, shape: [width, x.width] },
    bias: conv.weights.find("bias", width),
  });
  return BATCH_NORM.import(within(layer, `${name}_bn`), y, importer);
}

function activate(activation: string, x: Output, importer: Importer): Output {
  return importer.add(`${x.name}/${activation}`, { type: "activation", activation }, [x], x.width);
}

function addTo(x: Output, branch: Output, importer: Importer): Output {
  return importer.add(`${branch.name}/sum`, { type: "add" }, [x, branch], x.width);
}

/** A module inside a module. */
function within(layer: Layer, path: string): Layer {
  const { name, weights } = layer;
  return { ...layer, name: `${name}.${path}`, weights: weights.within(path) };
}

function hasPatch(weights: Weights, i: number): boolean {
  return weights.has(`${PATCHES}.${i}.0.weight`);
}

function hasBlock(weights: Weights, i: number): boolean {
  return weights.has(`block.${i}.attn.lmu.W_u.weight`);
}

/** Names of the tensors of a network, as far as there are such. */
export function lmuformerNames(find: (name: string) => unknown): string[] {
  const norm = (at: string) =>
    ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"].map(
      (n) => `${at}.${n}`,
    );
  const affine = (at: string) => [`${at}.weight`, `${at}.bias`];
  const names = [`${POSITION}.weight`, ...affine("head")];
  for (let i = 0; find(`${PATCHES}.${i}.0.weight`); i++) {
    names.push(`${PATCHES}.${i}.0.weight`, ...norm(`${PATCHES}.${i}.3`));
  }
  for (let i = 0; find(`block.${i}.attn.lmu.W_u.weight`); i++) {
    const lmu = `block.${i}.attn.lmu`;
    names.push(...affine(`${lmu}.W_u`), ...affine(`${lmu}.W_h`));
    names.push(...["A", "B", "H", "fft_H"].map((name) => `${lmu}.${name}`));
    for (const at of ["attn.proj", "mlp.fc1", "mlp.fc2"]) {
      names.push(...affine(`block.${i}.${at}_conv`), ...norm(`block.${i}.${at}_bn`));
    }
  }
  return names;
}
