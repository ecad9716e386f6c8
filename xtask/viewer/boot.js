// Starts the viewer from its own file: no module and no request, so that it also runs from disk and inside a notebook.

(async () => {
  try {
    const bytes = (id) => Uint8Array.from(atob(document.getElementById(id).textContent), (letter) => letter.charCodeAt(0));
    const { unpack } = wasm_bindgen_unpack;
    const small = new Blob([bytes("headlight-unpack")]).stream().pipeThrough(new DecompressionStream("gzip"));
    await wasm_bindgen_unpack({ module_or_path: await new Response(small).arrayBuffer() });
    const program = unpack(bytes("headlight-program"));
    if (program.length === 0) throw new Error("the file was damaged or cut off on its way");
    await wasm_bindgen_viewer({ module_or_path: program });
    document.getElementById("boot").remove();
  } catch (error) {
    const text = document.getElementById("boot-text");
    text.setAttribute("role", "alert");
    text.textContent = `This trace could not be shown: ${error?.message ?? error}. Try a current browser.`;
    throw error;
  }
})();
