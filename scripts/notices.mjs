import { readdirSync, readFileSync } from "node:fs";

/** The licences of packages whose code is inside dist, as one text. @param {readonly string[]} names */
export function notices(names) {
  const parts = names.map((name) => {
    const folder = `node_modules/${name}`;
    const { version } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    return `## ${name} ${version}\n\n${readFileSync(`${folder}/${file}`, "utf8").trim()}\n`;
  });
  return `# Licences of the libraries inside the readers\n\n${parts.join("\n")}`;
}
