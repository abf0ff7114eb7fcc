/** The page in a browser, as people see it. */
import { toFileUrl } from "../../common/base/std.ts";
import { assert, assertEquals } from "../../common/testing/assert.ts";
import { findProgram } from "../../common/testing/programs.ts";
import { Chromium } from "./testing/chromium.ts";
import { fullDocument } from "./testdata/documents.ts";
import { folderWith } from "../../common/testing/folder.ts";
import { RESULT_FILE } from "../lib/results_folder.ts";
import { writeReport } from "./write.ts";

const chromium = findProgram("chromium");

/** What a reader without eyes gets of every chart, and what is written at its axes. */
const CHARTS = `[...document.querySelectorAll("svg")].map((svg) => ({
  role: svg.getAttribute("role"),
  label: svg.getAttribute("aria-labelledby").split(" ")
    .map((id) => document.getElementById(id)?.textContent ?? "").join(" / "),
  texts: [...svg.querySelectorAll("text")].map((text) => text.textContent),
  isTold: svg.closest("section").querySelector("table") !== null,
  clipped: [...svg.querySelectorAll("text")].filter((text) => {
    const [own, all] = [text.getBoundingClientRect(), svg.getBoundingClientRect()];
    return own.left < all.left - 1 || own.right > all.right + 1;
  }).map((text) => text.textContent),
}))`;

interface SeenChart {
  role: string;
  label: string;
  texts: string[];
  isTold: boolean;
  clipped: string[];
}

/** Axis names, each with its unit; lanes have none. */
const AXES = [/\(µs, ms(, s; log scale)?\)$/, /^(protocol|.*\((bytes|%|MB\/s)(, log scale)?\))$/];

/** Widest page that does not scroll sideways. */
const WIDTH = "document.documentElement.scrollWidth";

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

    await t.step(
      "every chart has axis names with units, a text in its place, a table",
      async () => {
        const charts = await browser.evaluate<SeenChart[]>(CHARTS);
        assertEquals(charts.length, 72);
        for (const { role, label, texts, isTold } of charts) {
          assertEquals(role, "img");
          assert(/^.+ \/ .{40,}$/.test(label), label);
          const names = AXES.map((axis) => texts.filter((text) => axis.test(text)).length);
          const isThroughput = texts.includes("throughput (MB/s, log scale)");
          assertEquals(names, isThroughput ? [0, 2] : [1, 1], `${label}: ${texts}`);
          assert(isTold, label);
        }
      },
    );

    await t.step("ids are unique, and links inside the page lead somewhere", async () => {
      const ids = await browser.evaluate<string[]>(
        `[...document.querySelectorAll("[id]")].map((element) => element.id)`,
      );
      assertEquals(ids.length, new Set(ids).size);
      const page = await Deno.readTextFile(html);
      for (const [, id] of page.matchAll(/url\(#([^)]+)\)/g)) assert(ids.includes(id!), id);
    });

    for (const [width, height] of [[390, 844], [1280, 900]] as const) {
      await t.step(
        `it does not scroll sideways, ${width} wide, nor are texts cut off`,
        async () => {
          await browser.resize(width, height);
          assert(await browser.evaluate<number>(WIDTH) <= width);
          const charts = await browser.evaluate<SeenChart[]>(CHARTS);
          for (const { label, clipped } of charts) assertEquals(clipped, [], label);
        },
      );
    }

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
