/**
 * What the page looks like: on a screen, light or dark, wide or narrow, and on paper.
 *
 * Protocols have colours that people who see few colours tell apart (Okabe and Ito, 2008), lighter
 * on a dark page; steps have pale ones (Paul Tol's light scheme), which mark areas.
 *
 * @module
 */

const LIGHT = `
  --page: #ffffff; --text: #1b1f24; --quiet: #57606a; --grid: #dfe3e8; --card: #f6f8fa;
  --tcp: #0072b2; --udp: #00805c; --tls: #b84900; --dtls: #a3488a;`;

const DARK = `
  --page: #14171c; --text: #e8eaed; --quiet: #a3abb5; --grid: #343a43; --card: #1d2127;
  --tcp: #56b4e9; --udp: #2fc79b; --tls: #f08a4b; --dtls: #dd92c6;`;

/** The style sheet. */
export const STYLE = `:root {
  color-scheme: light dark;${LIGHT}
  --connect: #77aadd; --handshake: #ee8866; --send: #44bb99; --receive: #eedd88;
  --shutdown: #ffaabb; --close: #99a1ab; --client: #77aadd; --server: #ee8866; --unknown: #bbbbbb;
}
@media screen and (prefers-color-scheme: dark) { :root {${DARK} } }
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 1260px; padding: 1rem; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: break-word;
}
h1 { font-size: 1.6rem; line-height: 1.25; margin: .5rem 0; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; }
.quiet, caption { color: var(--quiet); font-size: .9rem; }
.answer { border-left: 4px solid var(--tcp); padding-left: 1rem; }
.answer p { margin: .4rem 0; }
.first { font-size: 1.15rem; font-weight: 600; }
.warnings { background: var(--card); border-radius: 6px; padding: .6rem 1rem .6rem 2rem; }
nav ul { columns: 24rem; padding-left: 1.2rem; margin: .3rem 0; }
a { color: var(--tcp); }
.method { padding-left: 1.2rem; max-width: 48rem; }
p { max-width: 48rem; }
.charts { display: grid; gap: 1rem; }
figure { margin: 0; }
.narrow { display: none; }
@media (max-width: 999px) {
  .wide { display: none; }
  .narrow { display: block; }
  .charts { grid-template-columns: repeat(auto-fit, minmax(min(100%, 330px), 1fr)); }
  figure { max-width: 480px; }
}
figcaption { font-weight: 600; margin: .5rem 0; }
svg { display: block; width: 100%; height: auto; font-family: system-ui, sans-serif; }
summary { cursor: pointer; padding: .3rem 0; }
/* A shadow lies on the edges behind which there is more; at the last column a cover hides it. */
.scroll {
  overflow-x: auto; margin: .5rem 0 1.5rem;
  background:
    linear-gradient(90deg, var(--page) 40%, transparent) left / 2.5rem 100% no-repeat local,
    linear-gradient(270deg, var(--page) 40%, transparent) right / 2.5rem 100% no-repeat local,
    linear-gradient(90deg, var(--grid), transparent) left / 1.2rem 100% no-repeat scroll,
    linear-gradient(270deg, var(--grid), transparent) right / 1.2rem 100% no-repeat scroll;
}
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: .4rem 0; }
caption span { display: inline-block; position: sticky; left: 0; max-width: min(48rem, 100vw - 3rem); }
th, td { padding: .25rem .6rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--grid); }
th:first-child { text-align: left; }
tbody th { font-weight: normal; }
.text :is(th, td) { text-align: left; vertical-align: top; }
.text td:last-child { white-space: normal; min-width: 16rem; }
thead th { vertical-align: bottom; }
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  figure, tr { break-inside: avoid; }
  h2, figcaption, caption { break-after: avoid; }
  summary, .contents { display: none; }
  details::details-content { content-visibility: visible; }
  .scroll { overflow: visible; background: none; }
  table { font-size: 7pt; }
  th, td { padding: .1rem .25rem; white-space: normal; }
}
`;
