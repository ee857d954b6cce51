import { LmuError } from "../../errors.js";
import type { Tensor } from "../../tensor.js";
import type { Importer } from "../importer.js";
import { type Chain, orderGroups } from "./chain.js";
import { gapOf, gapOfConvolution, suggestLayers } from "./gaps.js";
import { findGroups, type Group, nameOf, sizesOf } from "./group.js";
import type { LayerRequest } from "./request.js";

/**
 * The layers of a file without a description, where names, shapes and the order of the file leave one possibility.
 *
 * @param isInOrder - the file names modules in the order in which the code made them
 * @param importer - its notes receive what was inferred
 * @throws LmuError description-invalid, with the layers that were found, to be completed by hand
 */
export function inferLayers(
  tensors: ReadonlyMap<string, Tensor>,
  isInOrder: boolean,
  { notes }: Pick<Importer, "notes">,
): LayerRequest[] {
  const { groups, rest } = findGroups(tensors);
  if (rest.length) refuse(`no known layer has the tensors ${listOf(rest)}`, groups);
  const chain = orderGroups(groups, isInOrder);
  if (typeof chain === "string") refuse(gapOfConvolution(groups) ?? chain, groups);
  const gap = gapOf(chain.groups);
  if (gap !== undefined) refuse(gap, chain.groups);
  notes.push(noteOf(chain));
  return chain.groups.map(requestOf);
}

function noteOf({ groups, isOfFile }: Chain): string {
  const origin = isOfFile
    ? "names, shapes and the order of the file, others fit as well: check it"
    : "names and shapes";
  return (
    `layers inferred from ${origin}: ${groups.map(describe).join(", ")}; ` +
    "an activation after the last or between recurrent layers, and an epsilon other than 1e-5, leave no trace in a state dict"
  );
}

function describe(group: Group): string {
  return `${group.type} ${group.prefix ? nameOf(group) : "(no prefix)"} (${sizesOf(group)})`;
}

function requestOf({ type, prefix }: Group): LayerRequest {
  return { type, ...(prefix && { prefix }) } as LayerRequest;
}

/** The first of many names. */
function listOf(names: readonly string[]): string {
  const first = names
    .slice(0, 6)
    .map((name) => (name.length > 100 ? `${name.slice(0, 100)}…` : name));
  return first.join(", ") + (names.length > 6 ? ", …" : "");
}

function refuse(reason: string, groups: readonly Group[]): never {
  throw new LmuError(
    "description-invalid",
    "Cannot load the model: the file holds tensors without a description, and their names and shapes do not tell " +
      `all of it: ${reason}. Pass the layers in order of execution, completed by what the model's code has for each ` +
      `"?":`,
    { lines: suggestLayers(groups) },
  );
}
