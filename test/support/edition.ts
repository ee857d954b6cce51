import * as full from "../../bindings/full.js";
import { type Edition, fullEdition } from "../../bindings/model/edition.js";

/** What models are made with that no file holds: every kind of layer. */
export const EDITION: Edition = fullEdition(full);
