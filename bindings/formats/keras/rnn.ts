import type { Output } from "../importer.js";
import type { Call } from "./call.js";
import { cellType, readCell } from "./cells.js";
import { classNameOf, Fields, type Json } from "./config.js";
import { importLmu } from "./keras-lmu.js";
import { importOriginal, isOriginalCell } from "./original.js";

/** The sequence or its last row, as return_sequences says. */
export function returned({ fields, importer, layer }: Call, sequence: Output): Output {
  fields.only("return_state", false);
  return fields.flag("return_sequences", false) ? sequence : importer.last(layer.name, sequence);
}

/** The input of a recurrent layer, turned round when it goes backwards. */
function directed({ fields, importer, layer }: Call, x: Output): Output {
  fields.only("time_major", false);
  if (!fields.flag("go_backwards", false)) return x;
  return importer.add(`${layer.name}/backwards`, { type: "reverse" }, [x], x.width);
}

export function importRecurrent(call: Call, x: Output): Output {
  const { layer, fields, weights, importer } = call;
  const { description, units, input, tensors } = readCell(layer.className, fields, weights, {
    path: ["cell"],
  });
  const sequence = importer.add(layer.name, description, [directed(call, x)], units, {
    input,
    ...tensors,
  });
  return returned(call, sequence);
}

/** keras.layers.RNN around a cell. */
export function importRnn(call: Call, x: Output): Output {
  const { layer, fields, weights, importer } = call;
  const cell = (fields.config["cell"] ?? {}) as Json;
  const className = classNameOf(cell);
  const { config } = cell;
  if (typeof config !== "object" || config === null) fields.refuse("cell", "a serialised cell");
  const inner = new Fields(layer.name, config as Json, fields.kerasVersion);
  const input = directed(call, x);
  if (isOriginalCell(weights))
    return returned(call, importOriginal(className, inner, weights, input, importer));
  if (className === "LMUCell")
    return returned(call, importLmu(inner, weights, input, importer, { isCell: true }));
  if (cellType(className)) {
    const {
      description,
      units,
      input: kernel,
      tensors,
    } = readCell(className, inner, weights, { path: ["cell"] });
    return returned(
      call,
      importer.add(layer.name, description, [input], units, { input: kernel, ...tensors }),
    );
  }
  return fields.refuse("cell", "LMUCell, SimpleRNNCell, LSTMCell or GRUCell");
}
