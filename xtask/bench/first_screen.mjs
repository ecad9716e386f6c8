// How soon the first example is seen: from navigation to the first frame in which its tokens and lines are drawn, in a
// fresh browser context each time.

const NAME = "first_example_visible";
const RUNS = 5;

/** Prints the figure as one JSON line, if `only` does not leave it out. */
export async function measureFirstScreen(browser, url, only) {
  if (!NAME.includes(only)) return;
  const samples = [];
  for (let round = 0; round <= RUNS; round += 1) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.addInitScript(watchForPicture);
    await page.goto(url);
    const elapsed = await page.waitForFunction(() => window.firstPictureMs, null, { polling: 50 });
    // The first one fills the server's and the browser's caches.
    if (round > 0) samples.push(await elapsed.jsonValue());
    await context.close();
  }
  samples.sort((a, b) => a - b);
  const rounded = (ms) => Math.round(ms * 100) / 100;
  console.log(
    JSON.stringify({
      name: NAME,
      median_ms: rounded(samples[Math.floor(samples.length / 2)]),
      min_ms: rounded(samples[0]),
      runs: samples.length,
      how: "from navigation over loopback, in a fresh browser context, to the first frame with tokens and lines drawn",
    }),
  );
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
