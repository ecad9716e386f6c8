/** Starts a part of the program, whatever kind of file the server says that it is. */
async function started(fetched, imports) {
    const response = await fetched;
    if (!response.ok) throw new Error(`${response.url}: status ${response.status}`);
    if (response.headers.get("content-type") === "application/wasm") return WebAssembly.instantiateStreaming(response, imports);
    return WebAssembly.instantiate(await response.arrayBuffer(), imports);
}
