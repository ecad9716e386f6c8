// Makes the npm package headlight-view of a built page: node npm/make.mjs DIST FOLDER. `cargo xtask build --npm` calls it.

import { appendFileSync, copyFileSync, cpSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

const [dist, folder] = [realpathSync(process.argv[2]), path.resolve(process.argv[3])];
const here = import.meta.dirname;
const root = path.dirname(here);

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
// Models are large, and each has a licence of its own: a figure of a trace needs none, and its frame offers to run none.
const isModel = (file) => path.dirname(file).startsWith(path.join(dist, "models") + path.sep);
cpSync(dist, path.join(folder, "site"), { recursive: true, filter: (file) => !isModel(file) });
appendFileSync(path.join(folder, "site/style/embed.css"), "\nmain.embed .run-line {\n  display: none;\n}\n");

const [, version] = /^version = "(.+)"$/m.exec(readFileSync(path.join(root, "Cargo.toml"), "utf8"));
const about = { ...JSON.parse(readFileSync(path.join(here, "package.json"), "utf8")), version };
writeFileSync(path.join(folder, "package.json"), `${JSON.stringify(about, null, 2)}\n`);
for (const name of ["README.md", "headlight-view.d.ts", "copy.mjs"]) copyFileSync(path.join(here, name), path.join(folder, name));
for (const name of ["LICENSE", "LICENSE-APACHE", "LICENSE-MIT"]) copyFileSync(path.join(root, name), path.join(folder, name));
