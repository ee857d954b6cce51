import type { RecurrentDescription } from "../../description.js";
import { LmuError } from "../../errors.js";
import { rowsOf, selectRows, type Tensor } from "../../tensor.js";
import { type Importer, type Output, sumOf } from "../importer.js";
import { activationOption } from "./activations.js";
import type { Dialect, Layer } from "./dialect.js";
import type { Weights } from "./weights.js";

/*
 * nn.LSTM, nn.GRU, nn.RNN and their cells: weight_ih_l0 [gates·units, inputs], weight_hh_l0 [gates·units, units],
 * bias_ih_l0 and bias_hh_l0, then l1 …; cells have no suffix. Gates: LSTM i, f, g, o as ours; GRU r, z, n, where ours
 * begin with update, z.
 */

export const TORCH_LSTM: Dialect = recurrentDialect("lstm", [0, 1, 2, 3]);
export const TORCH_GRU: Dialect = recurrentDialect("gru", [1, 0, 2]);
export const TORCH_RNN: Dialect = recurrentDialect("rnn", [0]);

/** @param gates - which of the file's gates comes first, second, … in ours */
function recurrentDialect(type: RecurrentDescription["type"], gates: readonly number[]): Dialect {
  return {
    options: ["returnsSequence", ...(type === "rnn" ? ["activation"] : [])],
    landmark: "weight_ih_l0",
    widths({ weights }) {
      const [first] = suffixes(weights);
      const [, inputs] = weights.get(`weight_ih${first}`, undefined, undefined).shape;
      const [, units] = weights.get(`weight_hh${first}`, undefined, undefined).shape;
      return { inputs: inputs!, outputs: () => units! };
    },
    import(layer, x, importer) {
      refuseVariants(layer);
      const description = {
        type,
        ...(type === "rnn" && { activation: activationOption(layer, "activation", "tanh") }),
      };
      const all = suffixes(layer.weights);
      return all.reduce((input, suffix) => {
        const name = all.length > 1 ? `${layer.name}/${suffix.slice(1)}` : layer.name;
        return importCell({ ...layer, name }, suffix, description, gates, input, importer);
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

function refuseVariants({ name, type, weights }: Layer): void {
  const names = weights.names();
  const reverse = names.find((found) => /^weight_ih_l\d+_reverse$/.test(found));
  const projection = names.find((found) => /^weight_hr_l\d+$/.test(found));
  const found = reverse ?? projection;
  if (!found) return;
  const [kind, advice] = reverse
    ? ["bidirectional", "one direction, which can be streamed: train it with bidirectional=False"]
    : ["projected", "a hidden state without projection: train it with proj_size=0"];
  throw new LmuError(
    "layer-unsupported",
    `Cannot load the model: ${type} ${name} is ${kind} (${weights.base}${found}), expected ${advice}`,
  );
}

function importCell(
  { name, weights }: Layer,
  suffix: string,
  description: RecurrentDescription,
  gates: readonly number[],
  x: Output,
  importer: Importer,
): Output {
  const units = weights.get(`weight_hh${suffix}`, undefined, undefined).shape[1]!;
  const rows = gates.length * units;
  const input = weights.get(`weight_ih${suffix}`, rows, x.width);
  const recurrent = weights.get(`weight_hh${suffix}`, rows, units);
  const hasBias = weights.has(`bias_ih${suffix}`);
  const order = gates.flatMap((gate) => Array.from({ length: units }, (_, i) => gate * units + i));
  const ordered = (tensor: Tensor) => selectRows(tensor, order);
  return importer.add(name, description, [x], units, {
    input: ordered(input),
    recurrent: ordered(recurrent),
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
