import type { ActivationDescription } from "../activations.js";
import { Cell } from "./cell.js";
import { activation, type Fields, flag } from "./fields.js";
import { expectSequence, type Kind } from "./kind.js";

/**
 * Recurrent layer; always returns the sequence. Roles: input [gates·units, inputs], recurrent [gates·units, units],
 * bias [gates·units] (optional), recurrent_bias [units] (GRU, of the candidate), projection [width, units] (LSTM, optional:
 * the hidden state is then the projection, and recurrent is [gates·units, width]).
 *
 * Gates: lstm input, forget, candidate, output; gru update, reset, candidate.
 */
export interface RecurrentDescription {
  readonly type: "rnn" | "lstm" | "gru";
  /** @defaultValue "tanh" */
  readonly activation?: ActivationDescription;
  /** Of the gates. @defaultValue "sigmoid" */
  readonly gateActivation?: ActivationDescription;
  /** gru: the reset gate acts after the product with the recurrent weights. @defaultValue true */
  readonly resetAfter?: boolean;
}

const recurrent = (fields: Fields): Kind<RecurrentDescription> => ({
  fields,
  node(layer, [x], f) {
    expectSequence(layer.name, x);
    const { clock, width } = x;
    const cell = new Cell(f, layer.name, layer, [{ role: "input", width }]);
    return {
      width: cell.width,
      clock,
      lower(b, [input]) {
        const lowered = cell.lower(b, clock);
        lowered.project({ input });
        lowered.advance();
        return lowered.output;
      },
    };
  },
});

export const rnn = recurrent({ activation });
export const lstm = recurrent({ activation, gateActivation: activation });
export const gru = recurrent({ activation, gateActivation: activation, resetAfter: flag });
