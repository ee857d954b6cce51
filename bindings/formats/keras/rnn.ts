import type { Output } from "../importer.js";
import type { Call } from "./call.js";
import { cellType, readCell } from "./cells.js";
import type { Json, KerasLayer } from "./config.js";
import { Fields } from "./fields.js";
import { importLmu } from "./keras-lmu.js";
import { importOriginal, isOriginal } from "./original.js";
import { asLayer } from "./serialised-layer.js";

/** The sequence or its last row, as return_sequences says. */
export function returned({ fields, importer, layer }: Call, sequence: Output): Output {
  // States are outputs of their own, which the graph refuses wherever one is used.
  fields.flag("return_state", false);
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

/** keras.layers.RNN around a cell, or around several, each of which reads what the one before gives. */
export function importRnn(call: Call, x: Output): Output {
  const { layer, fields, weights } = call;
  const { config } = Object(fields.value("cell")) as Json;
  if (typeof config !== "object" || config === null) fields.refuse("cell", "a serialised cell");
  const cell = asLayer(fields.value("cell"), `the cell of ${layer.name}`);
  const input = directed(call, x);
  if (cell.className !== "StackedRNNCells") return returned(call, importCell(cell, call, input));
  const cells = cellsOf(cell, fields);
  const own = weights.cells(cells);
  const last = cells.reduce((y, each, i) => {
    const named = { ...layer, name: `${layer.name}/${each.name}` };
    return importCell(each, { ...call, layer: named, weights: own[i]! }, y);
  }, input);
  return returned(call, last);
}

function cellsOf({ name, config }: KerasLayer, fields: Fields): KerasLayer[] {
  return Fields.read(name, config, fields.kerasVersion, (inner: Fields) => {
    const cells = inner.value("cells");
    if (!Array.isArray(cells) || cells.length === 0) inner.refuse("cells", "a list of cells");
    // The order of states that nobody sees.
    inner.ignore("reverse_state_order");
    return cells.map((cell, i) => asLayer(cell, `cell ${i} of ${name}`));
  });
}

function importCell({ className, config }: KerasLayer, call: Call, x: Output): Output {
  const { name } = call.layer;
  return Fields.read(name, config, call.fields.kerasVersion, (inner) => {
    const { fields, weights, importer } = call;
    if (isOriginal(weights)) return importOriginal(className, inner, weights, x, importer);
    if (className === "LMUCell") return importLmu(inner, weights, x, importer, { isCell: true });
    if (!cellType(className)) {
      return fields.refuse("cell", "LMUCell, SimpleRNNCell, LSTMCell, GRUCell or several of these");
    }
    const part = { path: ["cell"] };
    const { description, units, input, tensors } = readCell(className, inner, weights, part);
    return importer.add(name, description, [x], units, { input, ...tensors });
  });
}
