/**
 * What a browser makes of a page's pictures.
 *
 * @module
 */

/** Letters that are smaller are hard to read; in pixels. */
export const SMALLEST_PX = 11;

/** Widest page that does not scroll sideways. */
export const WIDTH = "document.documentElement.scrollWidth";

/** What a reader without eyes gets of every chart that is shown, and how its texts stand. */
export const CHARTS = `[...document.querySelectorAll("svg")].filter((svg) => svg.checkVisibility())
.map((svg) => {
  const all = svg.getBoundingClientRect();
  const texts = [...svg.querySelectorAll("text")].map((text) => ({
    text: text.textContent,
    isQuiet: text.getAttribute("fill") === "var(--quiet)",
    box: text.getBoundingClientRect(),
  }));
  const isOn = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 &&
    a.top < b.bottom - 3 && b.top < a.bottom - 3;
  return {
    view: svg.getAttribute("class"),
    role: svg.getAttribute("role"),
    label: svg.getAttribute("aria-labelledby").split(" ")
      .map((id) => document.getElementById(id)?.textContent ?? "").join(" / "),
    texts: texts.map(({ text }) => text),
    ticks: texts.filter(({ isQuiet }) => isQuiet).map(({ text }) => text),
    isTold: svg.closest("section").querySelector("table") !== null,
    clipped: texts.filter(({ box }) => box.left < all.left - 1 || box.right > all.right + 1 ||
      box.top < all.top - 1 || box.bottom > all.bottom + 1).map(({ text }) => text),
    touching: texts.flatMap((a, i) => texts.slice(0, i).filter((b) => isOn(a.box, b.box))
      .map((b) => a.text + " on " + b.text)),
    plotPx: Math.max(...[...svg.querySelectorAll("path")]
      .map((path) => path.getBoundingClientRect().width)),
    smallestPx: Math.min(...[...svg.querySelectorAll("text")].map((text) =>
      parseFloat(getComputedStyle(text).fontSize) * all.width / svg.viewBox.baseVal.width)),
  };
})`;

/** One of them. */
export interface SeenChart {
  view: string;
  role: string;
  label: string;
  texts: string[];
  /** What is written at axes of numbers. */
  ticks: string[];
  isTold: boolean;
  clipped: string[];
  touching: string[];
  /** Width of its widest line. */
  plotPx: number;
  /** Height of its smallest letters. */
  smallestPx: number;
}
