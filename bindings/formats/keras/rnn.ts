import type { Output } from "../importer.js";
import type { Call } from "./call.js";
import { cellType, readCell } from "./cells.js";
import { classNameOf, type Json } from "./config.js";
import { Fields } from "./fields.js";
import { importLmu } from "./keras-lmu.js";
import { importOriginal, isOriginal } from "./original.js";

/** The sequence or its last row, as return_sequences says. */
export function returned({ fields, importer, layer }: Call, sequence: Output): Output {
  fields.only("return_state", false);
  if (fields.flag("stateful", false)) {
    importer.notes.push(`${layer.name}: stateful; a run begins anew here, a stream goes on`);
  }
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
  const { layer, fields } = call;
  const { config, ...cell } = Object(fields.value("cell")) as Json;
  if (typeof config !== "object" || config === null) fields.refuse("cell", "a serialised cell");
  const input = directed(call, x);
  const sequence = Fields.read(layer.name, config as Json, fields.kerasVersion, (inner) =>
    importCell(classNameOf(cell), inner, call, input),
  );
  return returned(call, sequence);
}

function importCell(className: string, inner: Fields, call: Call, x: Output): Output {
  const { layer, fields, weights, importer } = call;
  if (isOriginal(weights)) return importOriginal(className, inner, weights, x, importer);
  if (className === "LMUCell") return importLmu(inner, weights, x, importer, { isCell: true });
  if (!cellType(className)) {
    return fields.refuse("cell", "LMUCell, SimpleRNNCell, LSTMCell or GRUCell");
  }
  const { description, units, input, tensors } = readCell(className, inner, weights, {
    path: ["cell"],
  });
  return importer.add(layer.name, description, [x], units, { input, ...tensors });
}
