import { LmuError } from "../errors.js";
import { TORCH_LINES } from "./containers/pickle/advice.js";

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
  /** Lines of Python that do it. */
  readonly lines?: readonly string[];
}

const OTHERS: readonly Other[] = [
  {
    start: /^\x08\x01\x12/,
    name: /(^|[\\/])saved_model\.pb$/,
    what: "a TensorFlow SavedModel",
    advice: "where Keras 2 saved it, Python turns it back; Keras 3 builds the model anew first",
    lines: [
      "import tensorflow as tf, tf_keras",
      'model = tf_keras.models.load_model("folder")  # of Keras 2',
      '# of Keras 3: model = …, then: for to, of in zip(model.variables, tf.saved_model.load("folder").variables): to.assign(of)',
      'model.save("model.keras")',
    ],
  },
  {
    start: /^[^]{4}TFL3/,
    what: "a TensorFlow Lite model, which cannot be turned back",
    advice: "save the Keras model that it was made from",
    lines: ['model.save("model.keras")'],
  },
  {
    start: /^\x08[\x02-\x1f][\x12\x1a"*:B]/,
    what: "an ONNX model, whose layers have lost their names",
    advice: "save the model that it was made from, by PyTorch or by Keras",
    lines: ['torch.save(model.state_dict(), "model.pt")', 'model.save("model.keras")'],
  },
  {
    name: /\.(index|data-\d+-of-\d+)$/,
    what: "a TensorFlow checkpoint",
    advice: "build the model as the script does that trained it, and save all of it",
    lines: [
      "import tensorflow as tf",
      'tf.train.Checkpoint(model=model).restore("folder/name").expect_partial()  # of Keras 2: model.load_weights("folder/name")',
      'model.save("model.keras")',
    ],
  },
  {
    start: /^\x80.\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19/,
    what: "a PyTorch file of before version 1.6",
    advice: "Python makes a newer one of it",
    lines: TORCH_LINES.legacy,
  },
  {
    start: /^(\x80[\x02-\x05]|x[\x01\x5e\x9c\xda])/,
    what: "a pickle, or joblib",
    advice: "Python makes named arrays of it",
    lines: [
      "import joblib, numpy",
      'arrays = joblib.load("model.pkl")  # runs what is in the file: only if you trust it',
      'numpy.savez("model.npz", **arrays)  # a dict of arrays by name',
    ],
  },
  {
    start: /^\x93NUMPY/,
    what: "a single numpy array",
    advice: "save all arrays of the model by name",
    lines: ["import numpy", 'numpy.savez("model.npz", weight=numpy.load("model.npy"))'],
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
  { start: /^[^]{257}ustar/, what: "a tar archive", advice: "unpack it first: tar xf" },
  {
    start: /^(\xff\xd8\xff|\x89PNG|GIF8|RIFF[^]{4}WEBP)/,
    what: "a picture",
    advice: "pass the model's file",
  },
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
const PROGRAMS: readonly (Other & { readonly file: RegExp })[] = [
  {
    file: /^([^/]+\/)?archive_format$/,
    what: "an exported program of PyTorch",
    advice: "Python makes a state dict of it",
    lines: TORCH_LINES.program,
  },
  {
    file: /^([^/]+\/)?(constants\.pkl$|code\/)/,
    what: "a TorchScript program",
    advice: "Python makes a state dict of it",
    lines: TORCH_LINES.script,
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

function unknown(got: string, other: Other | undefined, loads: string): never {
  const what = other ? ` (${other.what})` : "";
  const instead = other ? `. Instead, ${other.advice}` : "";
  const lines = other?.lines ?? [];
  const end = lines.length ? ":" : "";
  const message = `Cannot load the model: ${got}${what}, expected ${loads}${instead}${end}`;
  throw new LmuError("format-unknown", message, { lines });
}

/** How a file begins: as the text that it is, or in hexadecimal. */
function beginning(text: string): string {
  const first = text.slice(0, 40);
  if (/^[\t\n\r -~]+$/.test(first)) return JSON.stringify(first);
  const bytes = [...first.slice(0, 8)].map((letter) => letter.charCodeAt(0));
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(" ") || "nothing";
}
