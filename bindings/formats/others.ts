import { LmuError } from "../errors.js";

/*
 * Files that people take for models that load here, told from their first bytes, and what to do about each.
 */

/* eslint-disable no-control-regex -- binary files begin with them */

interface Other {
  /** How such a file begins: its bytes as the characters of the same numbers. */
  readonly start?: RegExp;
  /** How such a file is named, where bytes do not tell. */
  readonly name?: RegExp;
  readonly what: string;
  readonly advice: string;
}

const SAVE_KERAS = 'save the Keras model that it was made from: model.save("model.keras")';
const SAVE_TORCH = 'torch.save(state, "model.pt")';

const OTHERS: readonly Other[] = [
  {
    start: /^\x08\x01\x12/,
    name: /(^|[\\/])saved_model\.pb$/,
    what: "a TensorFlow SavedModel",
    advice:
      'import tf_keras; model = tf_keras.models.load_model(folder); model.save("model.keras")',
  },
  {
    start: /^[^]{4}TFL3/,
    what: "a TensorFlow Lite model, which cannot be turned back",
    advice: SAVE_KERAS,
  },
  {
    start: /^\x08[\x02-\x1f][\x12\x1a"*:B]/,
    what: "an ONNX model, whose layers have lost their names",
    advice: `save the model that it was made from: state = model.state_dict(); ${SAVE_TORCH}`,
  },
  {
    name: /\.(index|data-\d+-of-\d+)$/,
    what: "a TensorFlow checkpoint",
    advice: 'build the model in Python; model.load_weights(path); model.save("model.keras")',
  },
  {
    start: /^\x80.\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19/,
    what: "a PyTorch file of before version 1.6",
    advice: `state = torch.load(path, map_location="cpu", weights_only=True); ${SAVE_TORCH}`,
  },
  {
    start: /^(\x80[\x02-\x05]|x[\x01\x5e\x9c\xda])/,
    what: "a pickle, or joblib",
    advice: 'arrays = joblib.load(path), made a dict of arrays; numpy.savez("model.npz", **arrays)',
  },
  {
    start: /^\x93NUMPY/,
    what: "a single numpy array",
    advice: 'numpy.savez("model.npz", weight=numpy.load(path))',
  },
  {
    start: /^version https:\/\/git-lfs/,
    what: "a Git LFS pointer, which stands for the file",
    advice: "git lfs pull, or the site's download link, gives the file itself",
  },
  {
    start: /^\s*<(!doctype|html|\?xml|!--)/i,
    what: "a web page",
    advice:
      "take the address of the file itself: /raw/ on GitHub, /resolve/ on Hugging Face, not /blob/",
  },
  { start: /^\x1f\x8b/, what: "a gzip file", advice: "unpack it first: gunzip" },
  { start: /^(\xff\xd8\xff|\x89PNG|GIF8)/, what: "a picture", advice: "pass the model's file" },
  {
    start: /^\s*[[{]/,
    what: "JSON text, which describes and has no weights",
    advice: "pass the file of the weights",
  },
];

/** Throws what a file is that no reader knows, by its first bytes and its name, and what makes one of it that loads. */
export function refuseOther(start: Uint8Array, name: string): never {
  const text = String.fromCharCode(...start);
  const other = OTHERS.find((one) => one.start?.test(text) || one.name?.test(name));
  const loads = "safetensors, .keras, HDF5, PyTorch (zip) or .npz";
  unknown(`it begins with ${beginning(text)}`, other, loads);
}

/** Programs that PyTorch puts into archives, by the names of files that nothing else has. */
const PROGRAMS: readonly (Pick<Other, "what" | "advice"> & { readonly file: RegExp })[] = [
  {
    file: /^([^/]+\/)?archive_format$/,
    what: "an exported program of PyTorch",
    advice: `state = torch.export.load(path).state_dict; ${SAVE_TORCH}`,
  },
  {
    file: /^([^/]+\/)?(constants\.pkl$|code\/)/,
    what: "a TorchScript program",
    advice: `state = torch.jit.load(path, "cpu").state_dict(); ${SAVE_TORCH}`,
  },
];

function programOf(names: readonly string[]) {
  return PROGRAMS.find(({ file }) => names.some((name) => file.test(name)));
}

/** Whether an archive of PyTorch holds a program instead of a state dict. */
export function isProgram(names: readonly string[]): boolean {
  return programOf(names) !== undefined;
}

/** Throws that an archive is none of those that load, by the names of its files. */
export function refuseArchive(names: readonly string[]): never {
  const other =
    programOf(names) ?? OTHERS.find((one) => names.some((name) => one.name?.test(name)));
  const held = names.slice(0, 3).join(", ") || "nothing";
  unknown(`the zip archive holds ${held}`, other, "the files of .keras, PyTorch or .npz");
}

function unknown(
  got: string,
  other: Pick<Other, "what" | "advice"> | undefined,
  loads: string,
): never {
  const what = other ? ` (${other.what})` : "";
  const instead = other ? `; instead: ${other.advice}` : "";
  const message = `Cannot load the model: ${got}${what}, expected ${loads}${instead}`;
  throw new LmuError("format-unknown", message);
}

/** How a file begins: as the text that it is, or in hexadecimal. */
function beginning(text: string): string {
  const first = text.slice(0, 40);
  if (/^[\t\n\r -~]+$/.test(first)) return JSON.stringify(first);
  const bytes = [...first.slice(0, 8)].map((letter) => letter.charCodeAt(0));
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(" ") || "nothing";
}
