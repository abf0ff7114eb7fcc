/** Listeners and clients in several Workers at once, in a process of its own: a crash is an exit code. */
import { fromFileUrl } from "../base/std.ts";
import { assertEquals } from "../testing/assert.ts";

const PROGRAM = fromFileUrl(new URL("../testing/busy/many_workers.ts", import.meta.url));

const WORKERS = 3;

Deno.test(`${WORKERS} Workers connect and listen on one libssl, while others are terminated in the middle of it`, async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--unstable-net", "--allow-ffi", "--allow-read"],
      ...["--allow-net=127.0.0.1,0.0.0.0", PROGRAM, String(WORKERS), "5"],
    ],
    env: { NO_COLOR: "1" },
  }).output();
  const [out, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals([code, errors, out], [0, "", "done done done\ndone\n"]);
});
