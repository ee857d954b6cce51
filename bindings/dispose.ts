/// <reference lib="esnext.disposable" preserve="true" />

/** `Symbol.dispose`, also on engines that do not have it yet. */
export const DISPOSE: typeof Symbol.dispose =
  Symbol.dispose ?? (Symbol.for("Symbol.dispose") as never);
