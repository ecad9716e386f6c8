// Starts the viewer from its own file: no module and no request, so that it also runs from disk and inside a notebook.

(async () => {
  try {
    const letters = atob(document.getElementById("headlight-program").textContent);
    const packed = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
    const program = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    await wasm_bindgen({ module_or_path: await new Response(program).arrayBuffer() });
    document.getElementById("boot").remove();
  } catch (error) {
    const text = document.getElementById("boot-text");
    text.setAttribute("role", "alert");
    text.textContent = `This trace could not be shown: ${error?.message ?? error}. Try a current browser.`;
    throw error;
  }
})();
