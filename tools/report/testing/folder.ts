/**
 * A folder for one test.
 *
 * @module
 */
import { join } from "../../../common/base/std.ts";

/** A folder with files; gone afterwards. */
export async function folderWith(
  files: Record<string, string>,
): Promise<{ dir: string } & AsyncDisposable> {
  const dir = await Deno.makeTempDir({ prefix: "netpairs-report-" });
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(dir, name), text);
  return { dir, [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }) };
}
