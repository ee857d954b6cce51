/*
 * Errors of the system as sentences. Node says "ENOENT: no such file or directory, open 'x.npy.1b9d.part'": a code, the reason,
 * and the call in which it came up.
 */

/** Whether an error came from the system, as it is. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}

/** What could not be done with which file, and why; the code stays beside it. */
export function sentenceOf(action: string, path: string, error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  const reason = message.replace(`${code}: `, "").replace(/, [a-z]+( '.*')?$/s, "");
  return `Cannot ${action} ${path}: ${reason}`;
}
