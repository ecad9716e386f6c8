// Which tests run in Firefox and WebKit too (see driven_page.mjs), and why Chromium alone runs the others. browsers.test.mjs holds both lists
// complete. WebDriver has no requests to answer or hold back, no console of workers, no clipboard, no network to cut off, no emulated touch
// screen or media settings, and one page at a time.
//
// Every browser runs the same WebAssembly and gets the same HTML, so the tests here are those where browsers differ: arithmetic in their
// compilers, input, layout, storage, threads, frames, files.

/** Names of tests. */
export const EVERYWHERE = new Set([
  // browsers.test.mjs
  "every window from 1,024 to 390 px has the same numbers and nothing beside it",
  "a page that is saved opens from disk with its numbers",
  "an embed in a page of another site is a picture, then explored and run",
  // editing.test.mjs
  "L23H3 zeroed on the Mary text gives the golden outcome, and undo takes it back",
  "generation gives the golden continuation, token by token, and another branch",
  // head_view.test.mjs
  "MiniLM: weights on the page are the golden ones",
  "SmolLM2: weights and predictions on the page are the golden ones",
  "hovering a query shows its weights, hovering a key those of its column",
  "kept tokens add up, a pair lists every head, Escape lets go",
  "everything by keyboard, and in words",
  "clicks and double-clicks on heads",
  // offline.test.mjs
  "after one visit, page and model work with the server gone (python3 -m http.server, in a sub-folder)",
  "a new version is announced, taken whole, and shown when it is asked for",
  "models on this device are listed with their sizes and can be deleted",
  // scales.test.mjs
  "model view: every head of every layer, with its golden numbers",
  "model view: a click shows the head large, a double-click opens it, the way back loses nothing",
  "neuron view: choosing a token shows how its scores arise, with golden numbers",
  // threads.test.mjs
  "a host that sends no headers: one thread at the first visit, threads from the second one on",
  // traces.test.mjs
  "patterns and tokens alone give head and model view",
  "a trace of some layers shows those that it holds",
  "a trace that is dropped on the page is opened",
  "what is no trace is refused with one sentence, and the result stays",
  "queries and keys alone give the patterns of the run",
]);

const TIME = "Not chosen, for its time: what it shows is computed by the program that all browsers run, and the tests above try how they run it";

/** The files whose other tests run in Chromium alone. */
export const ONLY_CHROMIUM = {
  "atlas.test.mjs": `${TIME}; one test answers requests`,
  "browsers.test.mjs": "It compares these lists with the files, without a browser.",
  "chat.test.mjs": TIME,
  "compare.test.mjs": TIME,
  "disk.test.mjs": "Folders of files are picked, the worker is looked into, and half a gigabyte of memory is measured in Chromium.",
  "editing.test.mjs": `${TIME}; a long press needs a touch screen`,
  "embed.test.mjs": "Third-party storage is blocked by a setting of Chromium, frames are measured from inside, and the clipboard and media settings are used. browsers.test.mjs has an embed in another site.",
  "faults.test.mjs": "Tabs are suspended and storage is filled through Chromium's debugger, and several tabs share a profile.",
  "figures.test.mjs": "The clipboard, printing and media settings are used.",
  "find.test.mjs": `${TIME}; searches take minutes`,
  "forms.test.mjs": `${TIME}; the readers of files are the same program, and 30 files are read`,
  "head_more.test.mjs": TIME,
  "head_view.test.mjs": `${TIME}; scrolling needs a wheel`,
  "hub.test.mjs": "Requests are answered and broken off, and two tabs share a profile.",
  "inside.test.mjs": TIME,
  "labels.test.mjs": "Folders of files are picked.",
  "layout.test.mjs": "Boxes are measured with the fonts and scroll bars of Chromium; touch, forced colours and the clipboard are used. browsers.test.mjs tries the widths.",
  "live.test.mjs": "A touch screen and media settings are emulated.",
  "matters.test.mjs": TIME,
  "notebook.test.mjs": "The network is cut off, and Jupyter writes the pages.",
  "npm.test.mjs": `${TIME}; browsers.test.mjs has a frame`,
  "offline.test.mjs": "Chromium says whether the page can be installed, scripts run before the page starts, and the requests counted are Chromium's.",
  "palette.test.mjs": "The network is cut off, and requests are answered.",
  "panes.test.mjs": "A divider is dragged by pieces, and media settings are emulated.",
  "parts.test.mjs": "Requests are held back; files on disk are weighed without a browser.",
  "scales.test.mjs": `${TIME}; a second tab and a wheel are used`,
  "scripts.test.mjs": "The clipboard is used.",
  "shell.test.mjs": "Scripts run before the page starts, requests are held back, and touch and media settings are emulated.",
  "smoke.test.mjs": "Requests are made in the page's context, and a network at rest is waited for.",
  "tasks.test.mjs": "The clipboard is used.",
  "threads.test.mjs": "The console is read, scripts run before the page starts, and a file that is missing on purpose is an error of the page here.",
  "touch.test.mjs": "A touch screen and forced colours are emulated.",
  "traces.test.mjs": "Requests for ranges are answered, two tabs are open, and a run of a language model takes a minute to save.",
  "trunk.test.mjs": "It compares what two commands build.",
  "two_stacks.test.mjs": TIME,
  "updates.test.mjs": "Several tabs share a profile.",
  "viewer.test.mjs": "The network is cut off, and requests are counted and answered. browsers.test.mjs opens a saved page.",
  "views.test.mjs": "Touch, resolutions and colour schemes are emulated, and a trace is put in the place of the first example.",
  "walk.test.mjs": "Random actions take minutes and use the clipboard.",
  "worker.test.mjs": "The worker is looked into, and requests are answered.",
};
