import { LmuError } from "../../../errors.js";
import { TensorReference } from "./torch-globals.js";

/** Entries under which training scripts keep the state dict of the model, likeliest first. */
const WRAPPERS = ["state_dict", "model_state_dict", "model_state", "model", "net", "network"];

/** Wrappers in wrappers: more than anybody has, and no deeper than the stack. */
const MAX_DICTS = 64;

type Dict = ReadonlyMap<unknown, unknown>;

/**
 * The state dict of a file: its dict, or the one that a training script put beside an optimiser's and other things, by a
 * well-known name, or because no other entry holds tensors by name.
 *
 * @param notes - receives where it was found
 * @throws LmuError format-invalid
 */
export function findStateDict(value: unknown, notes: string[]): Dict {
  const advice = "a state_dict: torch.save(model.state_dict(), path)";
  if (!(value instanceof Map)) refuse("the file holds something else than a dict", advice);
  const search = new Search();
  const found = search.below(value as Dict, []);
  if (!found) refuse("the file holds no tensors by name", advice);
  const { dict, path } = found;
  if (path.length) notes.push(`the state dict is the file's entry ${path.map(quoted).join(", ")}`);
  const others = search.entriesOf(value as Dict).filter(([name]) => name !== path[0]);
  if (others.length) {
    const names = others.slice(0, 6).map(([name]) => quoted(name));
    notes.push(`left out are its entries ${names.join(", ")}`);
  }
  return dict;
}

interface Found {
  readonly dict: Dict;
  /** Names of the entries that lead to it. */
  readonly path: readonly string[];
}

/** A pickle may refer to a dict as often as it likes, from inside too: each is looked through once. */
class Search {
  readonly #seen = new Set<Dict>();
  readonly #holds = new Map<Dict, boolean>();

  below(dict: Dict, path: readonly string[]): Found | undefined {
    if (this.#seen.has(dict) || this.#seen.size === MAX_DICTS) return undefined;
    this.#seen.add(dict);
    for (const name of WRAPPERS) {
      const inner = dict.get(name);
      const found = inner instanceof Map ? this.below(inner, [...path, name]) : undefined;
      if (found) return found;
    }
    if (this.#holdsTensors(dict)) return { dict, path };
    const entries = this.entriesOf(dict);
    if (entries.length > 1) refuseMany(entries.map(([name]) => name));
    const [only] = entries;
    return only && { dict: only[1], path: [...path, only[0]] };
  }

  /** Entries that are dicts of tensors by name. */
  entriesOf(dict: Dict): [string, Dict][] {
    const entries: [string, Dict][] = [];
    for (const [name, value] of dict) {
      if (typeof name !== "string" || !(value instanceof Map)) continue;
      if (this.#holdsTensors(value)) entries.push([name, value]);
    }
    return entries;
  }

  #holdsTensors(dict: Dict): boolean {
    const known = this.#holds.get(dict);
    if (known !== undefined) return known;
    const holds = holdsTensors(dict);
    this.#holds.set(dict, holds);
    return holds;
  }
}

function holdsTensors(dict: Dict): boolean {
  for (const [name, value] of dict) {
    if (typeof name === "string" && value instanceof TensorReference) return true;
  }
  return false;
}

function refuseMany(names: readonly string[]): never {
  const list = names.slice(0, 6).map(quoted).join(", ");
  const first = quoted(names[0]!);
  refuse(
    `the file holds ${names.length} state dicts, ${list}`,
    `one: torch.save(torch.load(path)[${first}], "weights.pt")`,
  );
}

/** A name from a file, safe to print. */
function quoted(name: string): string {
  return JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}…` : name);
}

function refuse(got: string, want: string): never {
  throw new LmuError("format-invalid", `Cannot read the checkpoint: ${got}, expected ${want}`);
}
