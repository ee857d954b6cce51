/// <reference lib="esnext.disposable" preserve="true" />

/** `Symbol.dispose`, also on engines that do not have it yet. */
export const DISPOSE: typeof Symbol.dispose =
  Symbol.dispose ?? (Symbol.for("Symbol.dispose") as never);

/** Made when it is needed, for importing must cost nothing. */
let registry: FinalizationRegistry<() => void> | undefined;

/**
 * Disposes of what an object has once it has been collected, which some hosts never tell.
 *
 * @param dispose - must not hold the object: beware of a closure beside it that does
 */
export function disposeWhenForgotten(object: object, dispose: () => void): void {
  if (typeof FinalizationRegistry !== "function") return;
  registry ??= new FinalizationRegistry((act) => act());
  registry.register(object, dispose, object);
}

/** The object has been disposed of by its owner. */
export function isDisposedOf(object: object): void {
  registry?.unregister(object);
}
