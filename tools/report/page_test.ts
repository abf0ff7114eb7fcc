/** The page in a browser, as people see it. */
import { toFileUrl } from "../../common/base/std.ts";
import { assert, assertEquals } from "../../common/testing/assert.ts";
import { findProgram } from "../../common/testing/programs.ts";
import { Chromium } from "./testing/chromium.ts";
import { CHARTS, type SeenChart, SMALLEST_PX, WIDTH } from "./testing/seen_charts.ts";
import { fullDocument } from "./testdata/documents.ts";
import { folderWith } from "../../common/testing/folder.ts";
import { RESULT_FILE } from "../lib/results_folder.ts";
import { writeReport } from "./write.ts";

const chromium = findProgram("chromium");

/** What axes are called; every chart has two. */
const AXES = [
  ...["lane", "message size (bytes, log scale)", "time per message (log scale)", "mean time"],
  ...["share of messages that are faster (%)", "throughput (MB/s, log scale)"],
  ...["CPU time per message", "time of the handshake (log scale)", "bytes"],
];

/** Ticks have their units, unless the axis's name has it. */
const TICK = /^(0|[\d.]+ (µs|ms|s|%))$/;
const NAMED_UNIT = /\((bytes|MB\/s), log scale\)|^bytes$/;

/** A phone, a tablet and a screen, with the view that is shown and its narrowest plot, in pixels. */
const SCREENS = [
  [390, 844, "narrow", 180],
  [768, 1024, "narrow", 180],
  [1280, 900, "wide", 520],
] as const;

/** A node of the accessibility tree. */
interface Node {
  ignored: boolean;
  role?: { value: string };
  name?: { value: string };
}

/** Lightness of a colour as the browser has computed it. */
const LIGHTNESS = `(() => {
  const [r, g, b] = getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number);
  return (r + g + b) / 765;
})()`;

Deno.test({
  name: "report.html is readable in a browser, narrow and wide, light and dark, and on paper",
  ignore: !chromium,
  fn: async (t) => {
    await using folder = await folderWith({ [RESULT_FILE]: JSON.stringify(fullDocument()) });
    const { html } = await writeReport([folder.dir]);
    const url = toFileUrl(html).href;
    await using browser = await Chromium.start(chromium!);
    await browser.resize(1280, 900);
    await browser.open(url);

    for (const [width, height, view, plotPx] of SCREENS) {
      await t.step(`${width} wide, every chart is shown for that width, and readable`, async () => {
        await browser.resize(width, height);
        assert(await browser.evaluate<number>(WIDTH) <= width, "it does not scroll sideways");
        const charts = await browser.evaluate<SeenChart[]>(CHARTS);
        assertEquals(charts.length, 37);
        for (const chart of charts) {
          const { label, texts, ticks, clipped, touching } = chart;
          assertEquals([chart.view, chart.role, chart.isTold], [view, "img", true], label);
          assert(/^.+ \/ .{40,}$/.test(label), label);
          const names = texts.filter((text) => AXES.includes(text));
          assertEquals(names.length, 2, `${label}: ${texts}`);
          assert(ticks.length >= 2, `${label}: ${ticks}`);
          const isNamed = names.some((name) => NAMED_UNIT.test(name));
          for (const tick of ticks) assert(isNamed || TICK.test(tick), `${label}: ${tick}`);
          assertEquals([clipped, touching], [[], []], label);
          assert(chart.plotPx >= plotPx, `${label}: ${chart.plotPx} px`);
          assert(chart.smallestPx >= SMALLEST_PX, `${label}: ${chart.smallestPx} px`);
        }
      });
    }

    await t.step("what is shown is in the accessibility tree, and nothing else", async () => {
      const { nodes } = await browser.send("Accessibility.getFullAXTree") as { nodes: Node[] };
      const images = nodes.filter(({ role, ignored }) => role?.value === "image" && !ignored);
      assertEquals(images.length, 37);
      assert(images.every(({ name }) => name?.value));
    });

    await t.step("every table is reached by keyboard", async () => {
      const reached = await browser.evaluate<[number, string][]>(
        `[...document.querySelectorAll("table")].map((table) => [
          table.parentElement.tabIndex, table.parentElement.getAttribute("aria-label")])`,
      );
      for (const [tabIndex, label] of reached) assert(tabIndex === 0 && label.length > 0, label);
    });

    await t.step("ids are unique, and links inside the page lead somewhere", async () => {
      const ids = await browser.evaluate<string[]>(
        `[...document.querySelectorAll("[id]")].map((element) => element.id)`,
      );
      assertEquals(ids.length, new Set(ids).size);
      const page = await Deno.readTextFile(html);
      const links = [...page.matchAll(/url\(#([^)]+)\)|href="#([^"]+)"/g)];
      assert(links.length > 0);
      for (const [link, one, other] of links) assert(ids.includes(one ?? other!), link);
    });

    await t.step(
      "it is dark where that is preferred, and light on paper all the same",
      async () => {
        const features = [{ name: "prefers-color-scheme", value: "dark" }];
        await browser.send("Emulation.setEmulatedMedia", { features });
        assert(await browser.evaluate<number>(LIGHTNESS) < 0.2);
        await browser.send("Emulation.setEmulatedMedia", { features, media: "print" });
        assert(await browser.evaluate<number>(LIGHTNESS) > 0.8);
        const hidden = await browser.evaluate<number>(
          `[...document.querySelectorAll("table")].filter((table) => !table.checkVisibility({
          contentVisibilityAuto: true })).length`,
        );
        assertEquals(hidden, 0, "every table is on paper");
      },
    );

    await t.step("nothing was said on the console, and nothing but the file was read", () => {
      const said = browser.events.filter(({ method }) =>
        ["Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"].includes(method)
      );
      assertEquals(said, []);
      const requests = browser.events.filter(({ method }) => method === "Network.requestWillBeSent")
        .map(({ params }) => (params.request as { url: string }).url);
      assertEquals(requests, [url]);
    });
  },
});
