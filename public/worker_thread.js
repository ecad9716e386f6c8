// One more thread of the worker: worker_boot.js sends the program and its memory, which all threads share.

const { search } = new URL(import.meta.url);

async function run({ data }) {
  const program = await import(new URL(`worker_threads.js${search}`, import.meta.url));
  await program.default(data);
  self.postMessage("loaded");
  program.run_thread();
}

self.addEventListener("message", run, { once: true });
