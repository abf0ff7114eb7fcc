import { assert } from "../../common/testing/assert.ts";
import { STYLE } from "./style.ts";

/** The colours that the style sheet gives names, on a light page and then what differs on a dark one. */
function coloursOf(style: string): { light: Map<string, string>; dark: Map<string, string> } {
  const [before, after] = style.split("@media screen and (prefers-color-scheme: dark)");
  const named = (text: string) =>
    [...text.matchAll(/--(\w+): (#[0-9a-f]{6})/g)].map(([, name, value]) =>
      [name!, value!] as const
    );
  const light = new Map(named(before!));
  return { light, dark: new Map([...light, ...named(after!.split("* {")[0]!)]) };
}

/** Relative luminance, WCAG 2.2. */
function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high! + 0.05) / (low! + 0.05);
}

/** Colours of text, and of lines and marks: names of lanes have the colour of their lines. */
const TEXTS = ["text", "quiet", "tcp", "udp", "tls", "dtls"];

Deno.test("texts and lines stand out from the page and its cards, light and dark (WCAG AA)", () => {
  for (const [name, colours] of Object.entries(coloursOf(STYLE))) {
    for (const text of TEXTS) {
      for (const ground of ["page", "card"]) {
        const ratio = contrast(colours.get(text)!, colours.get(ground)!);
        assert(ratio >= 4.5, `${name}: ${text} on ${ground} is ${ratio.toFixed(2)}`);
      }
    }
  }
});
