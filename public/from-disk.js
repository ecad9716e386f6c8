// Browsers load no module scripts and no WebAssembly from disk: a page opened as a file says so. A classic script is the only kind
// that runs there.
if (location.protocol === "file:") {
  document.getElementById("boot-text").textContent =
    "Headlight cannot run straight from disk. Serve its folder, for example with: python3 -m http.server 8080 " +
    "--bind 127.0.0.1, then open http://127.0.0.1:8080/.";
}
