/**
 * The edge to the chart library: an option in, a piece of SVG out that suits every page.
 *
 * @module
 */
import type { EChartsCoreOption } from "echarts";
// The bundle, as the modules read an environment variable, which would take a permission.
import * as bundle from "echarts/dist/echarts.esm.min";

/** What the library is told about a chart. */
export type ChartOption = EChartsCoreOption;

/** What a chart is drawn for: it has a drawing for each, of which the style sheet shows one. */
export interface View {
  name: "wide" | "narrow";
  /** In pixels. */
  width: number;
  /** Of all its texts, in pixels. */
  fontSize: number;
}

/** A screen as wide as the page gets, and a phone. */
export const VIEWS: readonly View[] = [
  { name: "wide", width: 1200, fontSize: 14 },
  { name: "narrow", width: 360, fontSize: 12 },
];

/** A chart, ready for the page. */
export interface Chart {
  title: string;
  /** Its drawings, one after the other. */
  svg: string;
}

/** What the library is told, by what is drawn for. */
export type Drawing = (view: View) => ChartOption;

/** A chart before it is drawn. */
export interface ChartSpec {
  /** Unique on the page: letters, digits and dashes. */
  id: string;
  title: string;
  /** What it shows, for those who do not see it. */
  description: string;
  height: (view: View) => number;
  option: Drawing;
}

interface EChart {
  setOption(option: ChartOption): void;
  renderToSVGString(): string;
  dispose(): void;
}

const echarts = bundle as unknown as {
  init(
    dom: null,
    theme: null,
    options: { renderer: "svg"; ssr: true; width: number; height: number },
  ): EChart;
};

/** The colours by what they stand for; the page's style sheet says what they look like. */
const INKS = [
  ...["text", "quiet", "grid", "page"],
  ...["tcp", "udp", "tls", "dtls"],
  ...["connect", "handshake", "send", "receive", "shutdown", "close"],
  ...["client", "server", "unknown"],
] as const;

/** What something in a chart is. */
export type Ink = typeof INKS[number];

/** The stand-in for a colour in an option: the library takes nothing but literal colours. */
export function ink(name: Ink): string {
  return `#fe${INKS.indexOf(name).toString(16).padStart(2, "0")}ef`;
}

/** Draws a chart for all views. */
export function drawChart(spec: ChartSpec): Chart {
  return { title: spec.title, svg: VIEWS.map((view) => draw(spec, view)).join("\n") };
}

function draw(spec: ChartSpec, view: View): string {
  const { width, fontSize } = view;
  const options = { renderer: "svg", ssr: true, width, height: spec.height(view) } as const;
  const chart = echarts.init(null, null, options);
  try {
    chart.setOption({ animation: false, textStyle: { fontSize }, ...spec.option(view) });
    return forPage(chart.renderToSVGString(), view, spec);
  } finally {
    chart.dispose();
  }
}

/** Colours of the page, ids that are the drawing's own, and a text in the picture's place. */
function forPage(svg: string, view: View, { id: chart, title, description }: ChartSpec): string {
  const id = `${chart}-${view.name}`;
  const { attributes, text } = inItsPlace({ id, title, description, view });
  return svg
    // Its style sheet is for a mouse that hovers.
    .replace(/<style *>.*?<\/style>/s, "")
    .replace(/ (class|pointer-events|ecmeta_\w+)="[^"]*"/g, "")
    .replace(/font-family:[^;"]*;?/g, "")
    .replace(/\bzr\d+-/g, `${id}-`)
    .replace(/#fe([0-9a-f]{2})ef/g, (_, index) => `var(--${INKS[parseInt(index, 16)]})`)
    .replace(/<rect [^>]*fill="none"><\/rect>\n?/, "")
    .replace(/<svg /, `<svg ${attributes} `)
    .replace(/(<svg [^>]*>)/, `$1${text}`);
}

/** What makes a drawing one for a view, and the texts for those who do not see it. */
export function inItsPlace(
  { id, title, description, view }: { id: string; title: string; description: string; view: View },
): { attributes: string; text: string } {
  return {
    attributes: `class="${view.name}" role="img" aria-labelledby="${id}-title ${id}-desc"`,
    text: `<title id="${id}-title">${escapeText(title)}</title>` +
      `<desc id="${id}-desc">${escapeText(description)}</desc>`,
  };
}

/** A text without a meaning in HTML and SVG. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
