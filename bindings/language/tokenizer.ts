import { LmuError } from "../errors.js";
import { decodeUtf8 } from "../utf8.js";

/** What makes token ids of a text, and a text of token ids. */
export interface Tokenizer {
  /** Ids of a text; an object that has them as `ids` is taken, too. */
  encode(text: string): ArrayLike<number> | Encoding;
  /** Text of ids. */
  decode(ids: number[]): string;
}

/** Ids of a text among whatever else a tokenizer tells. */
export interface Encoding {
  /** Token ids, in their order. */
  readonly ids: ArrayLike<number>;
}

/** A token is a byte of UTF-8, its id the byte: the tokenizer of models that bring none. Ids from 256 on have no text. */
export const BYTES: Tokenizer = {
  encode: (text) => new TextEncoder().encode(text),
  decode: (ids) => decoder.decode(Uint8Array.from(ids.filter((id) => id < 256))),
};

// A byte order mark at the beginning is a character of the text.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Ids of a text, as the tokenizer gives them. */
export function idsOf(tokenizer: Tokenizer, text: string): ArrayLike<number> {
  const encoded = tokenizer.encode(text);
  return "ids" in encoded ? encoded.ids : encoded;
}

/**
 * Stands for a tokenizer that is there, but as a file that is not read. Bytes in its place would be other tokens, and nobody
 * would see it.
 */
export function notRead(file: string): Tokenizer {
  return {
    encode() {
      throw new LmuError(
        "format-unknown",
        `Cannot encode the text: ${file} is no tokenizer.json, which transformers makes of it in Python, in the folder of the model:`,
        { lines: OF_TRANSFORMERS },
      );
    },
    decode: () => "",
  };
}

const OF_TRANSFORMERS = [
  "from transformers import AutoTokenizer",
  'AutoTokenizer.from_pretrained(".").save_pretrained(".")',
];

/** What of the package is used. */
interface Library {
  encode(text: string): Encoding;
  decode(ids: number[], options: typeof AS_IT_IS): string;
  id_to_token(id: number): string | undefined;
}

/** Spaces before points stay, which the package takes away unless told: texts that come piece by piece cannot take them back. */
const AS_IT_IS = { clean_up_tokenization_spaces: false };

/**
 * The tokenizer of a Hugging Face tokenizer.json, run by the package @huggingface/tokenizers, which is imported here and
 * nowhere else.
 *
 * @param json - tokenizer.json, parsed or as bytes
 * @param config - tokenizer_config.json, likewise
 * @throws LmuError format-invalid, or format-unknown where the package is not installed
 */
export async function readTokenizer(json: unknown, config: unknown): Promise<Tokenizer> {
  // By a name that no bundler follows: most models need no such package.
  const name = "@huggingface/tokenizers";
  let library: { Tokenizer: new (json: object, config: object) => Library };
  try {
    library = (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as typeof library;
  } catch (cause) {
    const message = `Cannot read tokenizer.json: the package ${name} is not installed`;
    throw new LmuError("format-unknown", message, { cause, lines: [`npm install ${name}`] });
  }
  try {
    const tokenizer = new library.Tokenizer(parsed(json), parsed(config));
    return {
      encode: (text) => tokenizer.encode(text),
      decode: (ids) => {
        // Vocabularies of models are often rounded up: what is beyond the tokenizer's has no text. It refuses to decode nothing.
        const known = ids.filter((id) => tokenizer.id_to_token(id) !== undefined);
        return known.length ? tokenizer.decode(known, AS_IT_IS) : "";
      },
    };
  } catch (cause) {
    throw new LmuError("format-invalid", "Cannot read tokenizer.json: it is no tokenizer", {
      cause,
    });
  }
}

function parsed(json: unknown): object {
  const value: unknown = json instanceof Uint8Array ? JSON.parse(decodeUtf8(json)) : json;
  if (typeof value !== "object" || value === null) throw new TypeError("no object");
  return value;
}
