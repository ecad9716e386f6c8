// Browsers do not load module scripts or WebAssembly from disk: a page opened as a file says so instead of staying
// blank. A classic script, since that is the only kind that runs there.
if (location.protocol === "file:") {
  document.getElementById("boot-text").textContent =
    "Headlight cannot run straight from disk. Serve its folder, for example with: python3 -m http.server 8080 " +
    "--bind 127.0.0.1, then open http://127.0.0.1:8080/.";
}
