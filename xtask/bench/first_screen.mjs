// How soon the page is seen: from navigation to the first paint of the shell, and to the first frame in which the first example's
// tokens and lines are drawn, in a fresh browser context each time.

const FIGURES = [
  { name: "first_paint", bound: 500, of: () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
    how: "from navigation over loopback, in a fresh browser context, to the first contentful paint" },
  { name: "first_example_visible", bound: 1_000, of: () => window.firstPictureMs,
    how: "from navigation over loopback, in a fresh browser context, to the first frame with tokens and lines drawn" },
];
const RUNS = 7;

/** Prints the figures that `only` does not leave out, one JSON line each. */
export async function measureFirstScreen(browser, url, only) {
  const figures = FIGURES.filter(({ name }) => name.includes(only)).map((figure) => ({ ...figure, samples: [] }));
  if (figures.length === 0) return;
  for (let round = 0; round <= RUNS; round += 1) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.addInitScript(watchForPicture);
    await page.goto(url);
    for (const { of, samples } of figures) {
      const elapsed = await (await page.waitForFunction(of, null, { polling: 50 })).jsonValue();
      // The first one fills the server's and the browser's caches.
      if (round > 0) samples.push(elapsed);
    }
    await context.close();
  }
  const rounded = (ms) => Math.round(ms * 100) / 100;
  for (const { name, bound, how, samples } of figures) {
    samples.sort((a, b) => a - b);
    const median = samples[Math.floor(samples.length / 2)];
    console.log(JSON.stringify({
      name, median_ms: rounded(median), bound: `at most ${bound}`, met: median <= bound, min_ms: rounded(samples[0]),
      max_ms: rounded(samples.at(-1)), runs: samples.length, how,
    }));
  }
}

/** Runs in the page: looks once per frame. */
function watchForPicture() {
  const look = () => {
    const canvas = document.querySelector(".figure .pane canvas");
    const hasTokens = document.querySelectorAll(".tokens .token").length > 0;
    if (canvas && canvas.width > 0 && hasTokens) {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      if (data.some((value) => value > 0)) {
        window.firstPictureMs = performance.now();
        return;
      }
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}
