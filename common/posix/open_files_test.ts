/** How many connections a program may have. */
import { assert, assertEquals, assertThrows } from "../testing/assert.ts";
import { UsageError } from "../base/errors.ts";
import { openFilesLimit, requireOpenFiles } from "./open_files.ts";

Deno.test("openFilesLimit() is what the shell says, or unknown without libc", async () => {
  const program = "console.log((await import(Deno.args[0])).openFilesLimit())";
  // Both limits are set, as Deno raises the one as far as the other.
  const args = ["-c", 'ulimit -n 300; exec "$@"', "sh", Deno.execPath(), "eval", program];
  const command = new Deno.Command("bash", {
    args: [...args, import.meta.resolve("./open_files.ts")],
  });
  const { stdout } = await command.output();
  assertEquals(new TextDecoder().decode(stdout).trim(), "300");
  assertEquals(openFilesLimit(null), null);
  assert(openFilesLimit()! > 0);
});

Deno.test("requireOpenFiles() refuses more connections than files may be open", () => {
  requireOpenFiles(10_000, 10_064);
  requireOpenFiles(10_000, null);
  const error = assertThrows(() => requireOpenFiles(10_000, 1024), UsageError);
  assertEquals(
    error.message,
    "--clients 10000: this program may have 1024 files open, and needs 10064, one for each " +
      "connection; allow more before it starts (ulimit -n 10064)",
  );
});
