import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/*
 * Steps of the build that are not repeated while what they read and what they made is as it was. Contents are compared,
 * not times: a checkout touches every file, and a restored dist of another commit is newer than its sources.
 */

/** A file, or all files below a folder. @param {string} path @returns {string[]} */
function filesOf(path) {
  const entry = statSync(path, { throwIfNoEntry: false });
  if (!entry) return [];
  if (entry.isFile()) return [path];
  return readdirSync(path).flatMap((name) => filesOf(join(path, name)));
}

/** @param {readonly string[]} paths files and folders @param {readonly string[]} except files */
function digestOf(paths, except = []) {
  const hash = createHash("sha256");
  for (const file of paths.flatMap(filesOf).sort()) {
    if (except.includes(file)) continue;
    hash.update(`${file}\0`).update(createHash("sha256").update(readFileSync(file)).digest());
  }
  return hash.digest("hex");
}

/**
 * A step of the build.
 *
 * @typedef {object} Step
 * @property {string} name
 * @property {readonly string[]} reads files and folders
 * @property {readonly string[]} [except] files in those folders that it does not read
 * @property {readonly string[]} makes files and folders
 * @property {() => void | Promise<void>} make
 */

/** @param {Step} step @returns {string} what it reads and has made at present */
function stampOf({ reads, except, makes }) {
  const made = makes.map((path) => (filesOf(path).length ? digestOf([path]) : "missing"));
  return [digestOf(reads, except), ...made].join("\n");
}

/** Makes what is missing or stale; returns whether anything was. @param {Step} step */
export async function refresh(step) {
  const path = `build/stamps/${step.name}`;
  const [last] = filesOf(path);
  if (last && readFileSync(last, "utf8") === stampOf(step)) return false;
  await step.make();
  mkdirSync("build/stamps", { recursive: true });
  writeFileSync(path, stampOf(step));
  return true;
}
