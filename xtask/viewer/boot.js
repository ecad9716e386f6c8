// Starts the viewer from its own file: no module and no request, so that it also runs from disk and inside a notebook.

import start from "./viewer.js";

/** The program, packed with gzip and written as base64. */
async function program() {
  const packed = Uint8Array.from(atob(document.getElementById("headlight-program").textContent), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer().catch(() => {
    throw new Error("the file was damaged or cut off on its way");
  });
}

async function boot() {
  try {
    await start({ module_or_path: await program() });
    document.getElementById("boot").remove();
  } catch (error) {
    const text = document.getElementById("boot-text");
    text.setAttribute("role", "alert");
    text.textContent = `This trace could not be shown: ${error?.message ?? error}. Try a current browser.`;
    throw error;
  }
}

boot();
