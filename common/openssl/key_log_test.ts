import { join, toFileUrl } from "../base/std.ts";
import { assert, assertEquals, assertInstanceOf, assertMatch } from "../testing/assert.ts";
import { connectedNet, memoryNet } from "../testing/memory_net.ts";
import { ROOT } from "../../tools/lib/children.ts";
import { CallbackError } from "./bindings/calls.ts";
import { keyLogOf } from "./key_log.ts";
import { loadOpenSsl } from "./bindings/library.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

/** A label, 32 bytes of client random, a secret: the format of NSS key logs. */
const LINE = /^[A-Z_0-9]+ [0-9a-f]{64} [0-9a-f]{64,96}$/;

const LABELS = {
  DTLS: ["CLIENT_RANDOM"],
  TLS: [
    ...["CLIENT_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0", "EXPORTER_SECRET"],
    ...["SERVER_HANDSHAKE_TRAFFIC_SECRET", "SERVER_TRAFFIC_SECRET_0"],
  ],
};

for (const protocol of ["DTLS", "TLS"] as const) {
  Deno.test(`keyLog takes the lines of a key log, the same at both ends (${protocol})`, async () => {
    const lines = { client: [] as string[], server: [] as string[] };
    using _net = await connectedNet({
      datagram: protocol === "DTLS",
      client: { keyLog: (line) => lines.client.push(line) },
      server: { keyLog: (line) => lines.server.push(line) },
    });
    for (const line of lines.client) assertMatch(line, LINE);
    assertEquals(lines.client.map((line) => line.split(" ")[0]!).sort(), LABELS[protocol]);
    assertEquals(lines.client.sort(), lines.server.sort());
  });
}

Deno.test("keyLog that throws fails the handshake", async () => {
  const thrown = new Error("own");
  const keyLog = () => {
    throw thrown;
  };
  using net = await memoryNet({ client: { keyLog } });
  net.run();
  assertInstanceOf(net.client.error, CallbackError);
  assertEquals([net.client.error.cause, net.client.established], [thrown, false]);
});

Deno.test("keyLogOf() prefers what the program says", () => {
  const own = () => {};
  assert(keyLogOf(own) === own);
});

/** Connects to itself, and prints how that went. */
const PROGRAM = `
  import { connectDtls, listenDtls } from "${toFileUrl(join(ROOT, "dtls", "mod.ts"))}";
  const psk = { identity: "a", key: new Uint8Array(32).fill(7) };
  await using listener = listenDtls({ hostname: "127.0.0.1", port: 0, pskLookup: () => psk.key });
  await using conn = await connectDtls({ port: listener.addr.port, psk });
  await conn.handshake();
  console.log(conn.info.version);
`;

/** A program of its own, in a folder that is gone afterwards. */
class Program implements AsyncDisposable {
  readonly #dir: string;
  readonly log: string;

  private constructor(dir: string) {
    this.#dir = dir;
    this.log = join(dir, "keys.log");
  }

  static async write(): Promise<Program> {
    const dir = await Deno.makeTempDir({ prefix: "netpairs-keys-" });
    await Deno.writeTextFile(join(dir, "program.ts"), PROGRAM);
    return new Program(dir);
  }

  /** Runs it with SSLKEYLOGFILE set. */
  async run(...permissions: string[]): Promise<void> {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-prompt", "--config", join(ROOT, "deno.json")],
        ...["--allow-net", "--allow-ffi", ...permissions, join(this.#dir, "program.ts")],
      ],
      env: { SSLKEYLOGFILE: this.log },
    }).output();
    const decoder = new TextDecoder();
    const said = [code, decoder.decode(stdout), decoder.decode(stderr)];
    assertEquals(said, [0, "DTLSv1.2\n", ""]);
  }

  /** The lines of the key log; Deno itself makes the file, for its own TLS. */
  async lines(): Promise<string[]> {
    const text = await Deno.readTextFile(this.log).catch(() => "");
    return text.split("\n").slice(0, -1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#dir, { recursive: true });
  }
}

Deno.test("SSLKEYLOGFILE names a file that lines are appended to, for its owner alone", async () => {
  await using program = await Program.write();
  for (const times of [1, 2]) {
    await program.run("--allow-env=SSLKEYLOGFILE", `--allow-write=${program.log}`);
    const lines = await program.lines();
    for (const line of lines) assertMatch(line, LINE);
    // Both ends are in one process.
    assertEquals(lines.length, 2 * times);
  }
  if (Deno.build.os === "windows") return;
  assertEquals((await Deno.stat(program.log)).mode! & 0o777, 0o600);
});

Deno.test("SSLKEYLOGFILE is let be without --allow-env", async () => {
  await using program = await Program.write();
  await program.run(`--allow-write=${program.log}`);
  assertEquals(await program.lines(), []);
});

Deno.test("SSLKEYLOGFILE is let be without --allow-write", async () => {
  await using program = await Program.write();
  await program.run("--allow-env=SSLKEYLOGFILE");
  assertEquals(await program.lines(), []);
});
