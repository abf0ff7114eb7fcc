/**
 * docs/architecture.md, as far as it is made from the imports.
 *
 * @module
 */
import { join } from "../../common/base/std.ts";
import { ROOT } from "../lib/children.ts";
import type { SourceFile } from "../rooms/check.ts";
import { picture, table, withParts } from "./picture.ts";

/** Where the page stands. */
export const PAGE: string = join(ROOT, "docs", "architecture.md");

/** The page with its picture and its table made anew. */
export function architecturePage(page: string, files: readonly SourceFile[]): string {
  return withParts(page, { picture: picture(files), table: table(files) });
}
