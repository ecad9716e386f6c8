#!/usr/bin/env node
// Copies the element, and the page that its frames show, into a folder of a site: npx headlight-view public/headlight

import { cpSync } from "node:fs";
import path from "node:path";

const [folder, ...rest] = process.argv.slice(2);
if (!folder || folder.startsWith("-") || rest.length > 0) {
  console.error("usage: headlight-view FOLDER    copies the element and its page into FOLDER, which your site serves");
  process.exit(1);
}
cpSync(path.join(import.meta.dirname, "site"), folder, { recursive: true });
console.log(`${folder} is ready: <script type="module" src="…/${path.basename(folder)}/headlight-view.js"></script>`);
