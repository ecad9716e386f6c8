// In the page's program `fetch` is this function (esbuild's --inject). Only the loader of parts calls it.

const { search } = new URL(import.meta.url);

/** Fetches a part of this script's build, and accepts it under any media type. */
async function fetchPart(address) {
  const url = new URL(address);
  url.search = search;
  const response = await globalThis.fetch(url);
  if (!response.ok) throw new Error(`${url}: status ${response.status}`);
  if (response.headers.get("content-type") === "application/wasm") return response;
  return new Response(await response.arrayBuffer(), { headers: { "content-type": "application/wasm" } });
}

export { fetchPart as fetch };
