import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { type FileHandle, open, realpath, rename, rm, stat } from "node:fs/promises";
import { constants } from "node:os";
import { STANDARD } from "./input.js";
import { sentenceOf } from "./system-error.js";

/** Where bytes go as they come: a file, which has its name when all is there, or the standard output. */
export interface Target {
  write(bytes: Uint8Array): Promise<void>;
  /** Writes over the first bytes; of files alone. */
  begin(bytes: Uint8Array): Promise<void>;
  /** All is there. */
  end(): Promise<void>;
  /** Leaves what was there before. */
  abort(): Promise<void>;
}

/** @throws Error with the code of the system if it cannot be written */
export async function openTarget(to: string): Promise<Target> {
  return to === STANDARD ? standard : fileTarget(to);
}

const standard: Target = {
  write: (bytes) =>
    new Promise((resolve, reject) => {
      process.stdout.write(bytes, (error) => (error ? reject(error) : resolve()));
    }),
  begin: () => Promise.reject(new RangeError("Cannot write over what is printed")),
  end: () => Promise.resolve(),
  abort: () => Promise.resolve(),
};

async function fileTarget(to: string): Promise<Target> {
  const target = await realpath(to).catch(() => to);
  const old = await stat(target).catch(() => undefined);
  // Pipes and devices have no name to take over.
  const part = old && !old.isFile() ? undefined : `${target}.${randomUUID()}.part`;
  const file = await open(part ?? target, part ? "wx" : "w", old?.mode).catch((cause: unknown) =>
    failed(to, cause),
  );
  const forget = part ? removeWhenStopped(part) : () => undefined;
  return {
    write: (bytes) => written(to, file, bytes, null),
    begin: (bytes) => written(to, file, bytes, 0),
    end: async () => {
      forget();
      await file.close();
      if (part) await rename(part, target).catch((cause: unknown) => failed(to, cause));
    },
    abort: async () => {
      forget();
      await file.close();
      if (part) await rm(part, { force: true });
    },
  };
}

/** Ctrl-C ends the process as ever, and takes what is half written along. Returns how to leave it be. */
function removeWhenStopped(part: string): () => void {
  const stop = (signal: NodeJS.Signals) => {
    rmSync(part, { force: true });
    process.exit(128 + constants.signals[signal]);
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.once(signal, stop);
  return () => {
    for (const signal of signals) process.off(signal, stop);
  };
}

async function written(
  to: string,
  file: FileHandle,
  bytes: Uint8Array,
  position: number | null,
): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const place = position === null ? null : position + at;
    const { bytesWritten } = await file
      .write(bytes, at, bytes.length - at, place)
      .catch((cause: unknown) => failed(to, cause));
    at += bytesWritten;
  }
}

function failed(to: string, cause: unknown): never {
  const { code } = cause as NodeJS.ErrnoException;
  throw Object.assign(new Error(sentenceOf("write", to, cause), { cause }), { code });
}
