/**
 * Writes the snapshots anew, after a change that was meant; look at the difference before keeping it.
 *
 *     deno run --allow-read --allow-write tools/report/testing/update_snapshots.ts
 *
 * @module
 */
import { join } from "../../../common/base/std.ts";
import { exportAll, SNAPSHOTS } from "../testdata/exports.ts";

if (import.meta.main) {
  await Deno.mkdir(SNAPSHOTS, { recursive: true });
  for (const [name, text] of Object.entries(exportAll())) {
    await Deno.writeTextFile(join(SNAPSHOTS, name), text);
  }
}
