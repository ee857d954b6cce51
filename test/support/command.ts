import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { writeSafetensors } from "../../bindings/formats/native/write.js";
import type { Tensor } from "../../bindings/tensor.js";
import { valuesOf } from "./golden.js";

/** The command as it is shipped. */
export const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** How a run of the command ended. */
export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The standard output as it is. */
  readonly bytes: Buffer;
}

/** Runs the command in a folder, as a user runs it, with what its standard input gives. */
export function runCommand(
  cwd: string,
  args: readonly string[],
  { input, env }: { readonly input?: Uint8Array; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Result> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd,
      env: { ...process.env, ...env },
      stdio: [input ? "pipe" : "ignore", "pipe", "pipe"],
    });
    const [out, err]: Buffer[][] = [[], []];
    child.stdout!.on("data", (piece: Buffer) => out!.push(piece));
    child.stderr!.on("data", (piece: Buffer) => err!.push(piece));
    child.on("close", (code) => {
      const [bytes, stderr] = [Buffer.concat(out!), String(Buffer.concat(err!))];
      resolve({ code, stdout: String(bytes), stderr, bytes });
    });
    child.stdin?.end(input);
  });
}

/** A safetensors file of f32 tensors, for `check`. */
export function ioFile(tensors: Readonly<Record<string, Tensor>>): Uint8Array {
  const pieces = Object.entries(tensors).map(([name, tensor]) => ({
    name,
    dtype: "F32",
    shape: tensor.shape,
    bytes: new Uint8Array(Float32Array.from(valuesOf(tensor)).buffer),
  }));
  return writeSafetensors(pieces);
}
