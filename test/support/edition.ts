import * as full from "../../bindings/full.js";
import { type Edition, fullEdition } from "../../bindings/model/edition.js";

/** What models are made with that no file holds: every kind of layer. */
export const EDITION: Edition = fullEdition(full);

/** The same in int8, the smallest matrices too. */
export const EDITION_INT8: Edition = {
  ...EDITION,
  Int8: class extends full.Int8Matrix {
    static override suits(): boolean {
      return true;
    }
  },
};
