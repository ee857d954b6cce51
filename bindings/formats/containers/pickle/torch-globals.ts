import { LmuError } from "../../../errors.js";
import { refuseWithAdvice } from "./advice.js";
import type { DType } from "../../../tensor.js";
import { Callable, type PickleHost } from "./machine.js";

/*
 * The names that a file of torch.save may speak of: dicts, tensors and what they are made of. None of them does
 * anything but hold values; every other name ends the reading.
 */

/** Element type; without one of ours for types that no layer reads, complex numbers among them. */
class ElementType {
  constructor(
    readonly name: string,
    readonly dtype: DType | undefined,
  ) {}
}

/** Numbers in a file of the archive. */
class StorageReference {
  constructor(
    readonly type: ElementType,
    /** Name of the file under data/. */
    readonly key: string,
  ) {}
}

/** A view of a storage, not checked yet. */
export class TensorReference {
  constructor(
    readonly storage: StorageReference,
    readonly type: ElementType,
    readonly offset: unknown,
    readonly shape: unknown,
    readonly strides: unknown,
  ) {}
}

/** Element types by the names of their storages and of torch.dtype. */
const TYPES: readonly (readonly [storage: string, names: readonly string[], dtype?: DType])[] = [
  ["Double", ["float64", "double"], "f64"],
  ["Float", ["float32", "float"], "f32"],
  ["Half", ["float16", "half"], "f16"],
  ["BFloat16", ["bfloat16"], "bf16"],
  ["Long", ["int64", "long"], "i64"],
  ["Int", ["int32", "int"], "i32"],
  ["Short", ["int16", "short"], "i16"],
  ["Char", ["int8"], "i8"],
  ["Byte", ["uint8"], "u8"],
  ["Bool", ["bool"], "bool"],
  ["ComplexFloat", ["complex64"]],
  ["ComplexDouble", ["complex128"]],
  ["Untyped", ["uint16", "uint32", "uint64", "complex32", "float8_e4m3fn", "float8_e5m2"]],
];

const ALLOWED: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ...TYPES.flatMap(([storage, names, dtype]): [string, unknown][] => [
    [`torch.${storage}Storage`, new ElementType(names[0]!, dtype)],
    [`torch.storage.${storage}Storage`, new ElementType(names[0]!, dtype)],
    ...names.map((name): [string, unknown] => [`torch.${name}`, new ElementType(name, dtype)]),
  ]),
  ...(
    [
      ["collections.OrderedDict", dictOf],
      ["collections.Counter", dictOf],
      ["torch._utils._rebuild_tensor", tensorOf],
      ["torch._utils._rebuild_tensor_v2", tensorOf],
      ["torch._utils._rebuild_tensor_v3", typedTensorOf],
      ["torch._utils._rebuild_parameter", ([tensor]) => tensor],
      ["torch._utils._rebuild_parameter_with_state", ([tensor]) => tensor],
      ["torch.Size", ([sizes]) => sizes],
      // Bytes in protocol 2, and where a tensor lived: carried along, never looked at.
      ["_codecs.encode", ([text]) => text],
      ["torch.device", ([name]) => name],
    ] satisfies [string, (args: readonly unknown[]) => unknown][]
  ).map(([name, call]): [string, unknown] => [name, new Callable(name, call)]),
]);

/** What torch.save writes, and nothing else. */
export const TORCH_GLOBALS: PickleHost = {
  global(name) {
    const value = ALLOWED.get(name);
    if (value !== undefined) return value;
    return refuseWithAdvice(
      `it holds ${quoted(name)}, so a whole module or other objects`,
      "objects",
    );
  },
  persistent(id) {
    const [kind, type, key] = Array.isArray(id) ? (id as unknown[]) : [];
    if (kind !== "storage" || !(type instanceof ElementType) || typeof key !== "string") {
      invalid("a persistent id that is no storage");
    }
    return new StorageReference(type, key);
  },
};

/** An empty dict, or the very dict given: a copy would cost more than the few bytes of the call. */
function dictOf([items]: readonly unknown[]): Map<unknown, unknown> {
  if (items === undefined) return new Map();
  if (!(items instanceof Map)) invalid("a dict made of something else than a dict");
  return items;
}

function tensorOf([storage, offset, shape, strides]: readonly unknown[]): TensorReference {
  if (!(storage instanceof StorageReference)) invalid("a tensor without a storage");
  return new TensorReference(storage, storage.type, offset, shape, strides);
}

/** Types without a storage class of their own name their type at the call. */
function typedTensorOf(args: readonly unknown[]): TensorReference {
  const { storage, offset, shape, strides } = tensorOf(args);
  const type = args[6];
  if (!(type instanceof ElementType)) invalid("a tensor without a type");
  return new TensorReference(storage, type, offset, shape, strides);
}

/** A name from a file, safe to print. */
function quoted(name: string): string {
  return name.length > 100 ? `${JSON.stringify(name.slice(0, 100))}…` : JSON.stringify(name);
}

function invalid(problem: string): never {
  throw new LmuError("format-invalid", `Cannot read the checkpoint: it has ${problem}`);
}
