import type { RecurrentDescription } from "../../description.js";
import { rowsOf, selectRows, type Tensor } from "../../tensor.js";
import { type Importer, type Output, sumOf } from "../importer.js";
import { activationOption } from "./activation-names.js";
import type { Dialect, Layer } from "./dialect.js";
import type { Weights } from "./tensors.js";

/*
 * nn.LSTM, nn.GRU, nn.RNN and their cells: weight_ih_l0 [gates·units, inputs], weight_hh_l0 [gates·units, units],
 * bias_ih_l0 and bias_hh_l0, then l1 …, each with _reverse for the other direction; cells have no suffix. Gates: LSTM
 * i, f, g, o as ours; GRU r, z, n, where ours begin with update, z. An LSTM with proj_size gives weight_hr_l0 [projected,
 * units] times its units, and reads that back: weight_hh_l0 is then [4·units, projected].
 */

export const TORCH_LSTM: Dialect = recurrentDialect("lstm", [0, 1, 2, 3]);
export const TORCH_GRU: Dialect = recurrentDialect("gru", [1, 0, 2]);
export const TORCH_RNN: Dialect = recurrentDialect("rnn", [0]);

/** @param gates - which of the file's gates comes first, second, … in ours */
function recurrentDialect(type: RecurrentDescription["type"], gates: readonly number[]): Dialect {
  return {
    options: ["returnsSequence", ...(type === "rnn" ? ["activation"] : [])],
    landmarks: ["weight_ih_l0", "weight_ih"],
    widths({ weights }) {
      const [first] = suffixes(weights);
      const [, inputs] = weights.get(`weight_ih${first}`, undefined, undefined).shape;
      const [, units] = weights.get(`weight_hh${first}`, undefined, undefined).shape;
      const directions = weights.has(`weight_ih${first}_reverse`) ? 2 : 1;
      return { inputs: inputs!, outputs: () => directions * units! };
    },
    import(layer, x, importer) {
      const description = {
        type,
        ...(type === "rnn" && { activation: activationOption(layer, "activation", "tanh") }),
      };
      const all = suffixes(layer.weights);
      return all.reduce((input, suffix) => {
        const name = all.length > 1 ? `${layer.name}/${suffix.slice(1)}` : layer.name;
        const cell = (of: string, at: string, from: Output) =>
          importCell({ ...layer, name: of }, at, description, gates, from, importer);
        return layer.weights.has(`weight_ih${suffix}_reverse`)
          ? importBoth(name, suffix, cell, input, importer)
          : cell(name, suffix, input);
      }, x);
    },
  };
}

/** What the names of each layer's tensors end with. */
function suffixes(weights: Weights): readonly [string, ...string[]] {
  if (weights.has("weight_ih")) return [""];
  const all: [string, ...string[]] = ["_l0"];
  while (weights.has(`weight_ih_l${all.length}`)) all.push(`_l${all.length}`);
  return all;
}

/** Two cells, one reading backwards, side by side. They need the whole sequence. */
function importBoth(
  name: string,
  suffix: string,
  cell: (name: string, suffix: string, from: Output) => Output,
  x: Output,
  importer: Importer,
): Output {
  const forward = cell(`${name}/forward`, suffix, x);
  const turned = importer.add(`${name}/backwards`, { type: "reverse" }, [x], x.width);
  const backward = cell(`${name}/reverse`, `${suffix}_reverse`, turned);
  const back = importer.add(`${name}/forwards`, { type: "reverse" }, [backward], backward.width);
  return importer.add(name, { type: "concatenate" }, [forward, back], 2 * forward.width);
}

function importCell(
  { name, weights }: Layer,
  suffix: string,
  description: RecurrentDescription,
  gates: readonly number[],
  x: Output,
  importer: Importer,
): Output {
  const width = weights.get(`weight_hh${suffix}`, undefined, undefined).shape[1]!;
  const isLstm = description.type === "lstm";
  const projection = isLstm ? weights.find(`weight_hr${suffix}`, width, undefined) : undefined;
  const units = projection?.shape[1] ?? width;
  const rows = gates.length * units;
  const input = weights.get(`weight_ih${suffix}`, rows, x.width);
  const recurrent = weights.get(`weight_hh${suffix}`, rows, width);
  const hasBias = weights.has(`bias_ih${suffix}`);
  const order = gates.flatMap((gate) => Array.from({ length: units }, (_, i) => gate * units + i));
  const ordered = (tensor: Tensor) => selectRows(tensor, order);
  return importer.add(name, description, [x], width, {
    input: ordered(input),
    recurrent: ordered(recurrent),
    projection,
    ...(hasBias &&
      biasesOf(
        ordered(weights.get(`bias_ih${suffix}`, rows)),
        ordered(weights.get(`bias_hh${suffix}`, rows)),
        description.type === "gru",
      )),
  });
}

/** The two biases only ever occur as a sum, but for the candidate of a GRU: there the reset gate scales the second. */
function biasesOf(input: Tensor, recurrent: Tensor, isGru: boolean): Record<string, Tensor> {
  const sum = sumOf(input, recurrent);
  if (!isGru) return { bias: sum };
  const rows = input.shape[0]!;
  const gates = (rows / 3) * 2;
  return {
    bias: { ...sum, at: (i) => (i < gates ? sum.at(i) : input.at(i)) },
    recurrent_bias: rowsOf(recurrent, gates, rows),
  };
}
