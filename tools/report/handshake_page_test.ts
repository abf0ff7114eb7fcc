/** The pictures of handshakes in a browser, as people see them. */
import { toFileUrl } from "../../common/base/std.ts";
import { assert, assertEquals } from "../../common/testing/assert.ts";
import { folderWith } from "../../common/testing/folder.ts";
import { findProgram } from "../../common/testing/programs.ts";
import { RESULT_FILE } from "../lib/results_folder.ts";
import { Chromium } from "./testing/chromium.ts";
import { CHARTS, type SeenChart, SMALLEST_PX, WIDTH } from "./testing/seen_charts.ts";
import { tracedDocument } from "./testdata/handshakes.ts";
import { writeReport } from "./write.ts";

const chromium = findProgram("chromium");

/** A phone, a tablet and a screen, with the view that is shown, and its shortest arrow in pixels. */
const SCREENS = [
  [390, 844, "narrow", 200],
  [768, 1024, "narrow", 200],
  [1280, 900, "wide", 250],
] as const;

/** Left edges of the pictures in a chart, by their titles. */
const COLUMNS = `[...document.querySelectorAll("#handshake-messages svg")]
  .filter((svg) => svg.checkVisibility())
  .map((svg) => new Set([...svg.querySelectorAll("text")]
    .filter(({ textContent }) => textContent === "client")
    .map((text) => Math.round(text.getBoundingClientRect().left))).size)`;

Deno.test({
  name: "handshakes are readable in a browser, beside each other or below each other",
  ignore: !chromium,
  fn: async (t) => {
    await using folder = await folderWith({ [RESULT_FILE]: JSON.stringify(tracedDocument()) });
    const { html } = await writeReport([folder.dir]);
    await using browser = await Chromium.start(chromium!);
    await browser.resize(1280, 900);
    await browser.open(toFileUrl(html).href);

    for (const [width, height, view, arrowPx] of SCREENS) {
      await t.step(`${width} wide, no text is cut off or on another`, async () => {
        await browser.resize(width, height);
        assert(await browser.evaluate<number>(WIDTH) <= width, "it does not scroll sideways");
        const charts = (await browser.evaluate<SeenChart[]>(CHARTS))
          .filter(({ label }) => /^(Full|Resumed) handshakes/.test(label));
        assertEquals(charts.map(({ texts }) => texts.filter((text) => text === "client").length), [
          ...[4, 3],
        ]);
        for (const chart of charts) {
          const { label, texts, clipped, touching } = chart;
          assertEquals([chart.view, chart.role, chart.isTold], [view, "img", true], label);
          assertEquals([clipped, touching], [[], []], label);
          assert(!texts.some((text) => text.includes("...")), `${texts}`);
          assert(chart.plotPx >= arrowPx, `${label}: ${chart.plotPx} px`);
          assert(chart.smallestPx >= SMALLEST_PX, `${label}: ${chart.smallestPx} px`);
        }
        const columns = await browser.evaluate<number[]>(COLUMNS);
        assertEquals(columns, view === "wide" ? [3, 3] : [1, 1]);
      });
    }
  },
});
