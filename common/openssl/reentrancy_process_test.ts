/**
 * Programs that call everything from within their callbacks: each in a process of its own, so that
 * a crash is an exit code.
 */
import { assertEquals } from "../testing/assert.ts";
import { seededRandom } from "../testing/fake_random.ts";
import { fromFileUrl } from "../base/std.ts";

const PROGRAM = fromFileUrl(new URL("../testing/reentrancy/program.ts", import.meta.url));

const CALLBACKS = {
  dtls: [
    "pskLookup",
    "psk",
    "verifyPeer",
    "keyLog",
    "onHandshakeMessage",
    "retransmitAfterMs",
    "onError",
    "signal",
    "body",
  ],
  tls: [
    "pskLookup",
    "psk",
    "verifyPeer",
    "keyLog",
    "onHandshakeMessage",
    "onError",
    "signal",
    "body",
    "streams",
  ],
};

/** What it prints besides its seed is what was wrong. */
async function run(...args: string[]): Promise<[code: number, said: string]> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--v8-flags=--expose-gc"],
      ...["--allow-net", "--allow-ffi", PROGRAM, ...args],
    ],
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return [code, decoder.decode(stdout) + decoder.decode(stderr)];
}

for (const protocol of ["dtls", "tls"] as const) {
  Deno.test(`200 random calls from within each callback harm nothing (${protocol})`, async (test) => {
    const seed = String(Math.floor(seededRandom()() * 2 ** 32));
    const callbacks = CALLBACKS[protocol];
    // They wait more than they work.
    const runs = await Promise.all(callbacks.map((callback) => run(protocol, callback, seed)));
    for (const [i, callback] of callbacks.entries()) {
      await test.step(callback, () => assertEquals(runs[i], [0, `seed ${seed}\n`]));
    }
  });
}
