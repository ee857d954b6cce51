/** The text of bindings/runtime/records.ts. */
export function recordsModule(): string;
