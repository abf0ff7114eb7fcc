/**
 * A folder for one test.
 *
 * @module
 */
import { join } from "../base/std.ts";

/** Gone afterwards, with all that is in it. */
export interface Folder extends AsyncDisposable {
  dir: string;
  /** A path in it. */
  path(name: string): string;
}

/** A folder with files. */
export async function folderWith(files: Record<string, string> = {}): Promise<Folder> {
  const dir = await Deno.makeTempDir({ prefix: "netpairs-test-" });
  const path = (name: string) => join(dir, name);
  for (const [name, text] of Object.entries(files)) {
    await Deno.mkdir(path(join(name, "..")), { recursive: true });
    await Deno.writeTextFile(path(name), text);
  }
  return { dir, path, [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }) };
}
