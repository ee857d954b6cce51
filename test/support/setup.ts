/*
 * Before every file of tests; what is imported here happens once a process.
 */
import "./same-bytes.js";

if (process.env["LMU_WASM"]) await import("./debug.js");
