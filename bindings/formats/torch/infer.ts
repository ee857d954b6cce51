import { LmuError } from "../../errors.js";
import type { Tensor } from "../../tensor.js";
import type { Importer } from "../importer.js";
import { type Chain, orderGroups } from "./chain.js";
import { gapOf, gapOfConvolution, suggestLayers } from "./gaps.js";
import { findGroups, type Group, groupOf, nameOf, sizesOf } from "./group.js";
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
  let chain = orderGroups(groups, isInOrder);
  if (typeof chain === "string") {
    chain = orderGroups(findEmbedding(groups, tensors, isInOrder), isInOrder);
  }
  if (typeof chain === "string") {
    refuse(gapOfConvolution(groups) ?? chain, isInOrder ? groups : linearsLast(groups));
  }
  const gap = gapOf(chain.groups);
  if (gap !== undefined) refuse(gap, chain.groups);
  notes.push(noteOf(chain));
  return chain.groups.map(requestOf);
}

/** What embeddings are called besides. */
const LIKE_EMBEDDING = /enc|word|char|lookup|lut|vocab/i;

/**
 * Modules, of which one is an embedding that its name does not give away for sure, "encoder": a matrix without a bias that has a
 * row for each output of another linear, and columns for the first of the recurrent layers. Two heads side by side may look like
 * that; what the code made before these layers, or shares between both ends, is none.
 */
function findEmbedding(
  groups: readonly Group[],
  tensors: ReadonlyMap<string, Tensor>,
  isInOrder: boolean,
): readonly Group[] {
  const at = groups.findIndex(({ type }) => type === "torch-lstm" || type === "torch-gru");
  const linears = groups.filter(({ type }) => type === "linear");
  const weightOf = ({ prefix }: Group) => tensors.get(`${prefix}.weight`);
  const embedding = linears.find((one) => {
    const heads = linears.filter((head) => head !== one && head.outputs(1) === one.outputs(1));
    const isTied = heads.some((head) => weightOf(head) === weightOf(one));
    const isFirst = isInOrder ? groups.indexOf(one) < at : LIKE_EMBEDDING.test(one.prefix);
    const fits = one.inputs === groups[at]?.inputs && !tensors.has(`${one.prefix}.bias`);
    return fits && heads.length > 0 && (isTied || isFirst);
  });
  if (!embedding || groups.some(({ vocabulary }) => vocabulary !== undefined)) return groups;
  const found = groupOf("embedding", `${embedding.prefix}.`, tensors);
  return groups.map((group) => (group === embedding ? found : group));
}

/** Files in alphabetical order say nothing of the code's; a predictor's head fits before its LMU as well. */
function linearsLast(groups: readonly Group[]): Group[] {
  const isLinear = ({ type }: Group) => Number(type === "linear");
  return [...groups].sort((a, b) => isLinear(a) - isLinear(b));
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
