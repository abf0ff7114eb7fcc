/** The secure pairs against OpenSSL's own client and server, both ends with certificates. */
import type { Lane } from "../common/model/lanes.ts";
import { assertEquals, assertMatch } from "../common/testing/assert.ts";
import { lanesBesideSpin, Workplace } from "../common/testing/pairs.ts";
import { findProgram } from "../common/testing/programs.ts";
import { within } from "../common/testing/within.ts";
import { hostScripts } from "../common/testing/script_hosts.ts";

hostScripts();

const ignore = findProgram("openssl") === null;

const SECURE = lanesBesideSpin().filter((lane) => lane.engine !== null);

/** Versions a lane has to get along with. */
function versionsOf(lane: Lane): string[] {
  return lane.protocol === "dtls" ? ["dtls1_2"] : ["tls1_2", "tls1_3"];
}

/** What `openssl s_client` and `s_server` need to authenticate and to verify. */
function credentials(place: Workplace, role: "client" | "server"): string[] {
  return [
    ...["-cert", place.path(`${role}-cert.pem`), "-key", place.path(`${role}-key.pem`)],
    ...["-CAfile", place.path("ca.pem"), "-verify_return_error"],
  ];
}

/** With an open stdin: both programs end with it. */
function openssl(args: string[]): Deno.ChildProcess {
  const pipes = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
  return new Deno.Command("openssl", { args, ...pipes }).spawn();
}

/** Ends a program of ours that may have ended already. */
async function end(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill("SIGTERM");
  } catch {
    // It has.
  }
  await child.stdin.close().catch(() => {});
  await Promise.all([child.stdout.cancel(), child.stderr.cancel(), child.status]);
}

/** Reads until the text is there, or the stream ends. */
async function readUntil(stream: ReadableStream<Uint8Array>, pattern: RegExp): Promise<string> {
  let text = "";
  for await (const bytes of stream.values({ preventCancel: true })) {
    text += new TextDecoder().decode(bytes);
    if (pattern.test(text)) break;
  }
  return text;
}

/** A port that was free a moment ago; s_server cannot be asked which one it took on UDP. */
function freePort(lane: Lane): number {
  if (lane.protocol === "dtls") {
    const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    socket.close();
    return (socket.addr as Deno.NetAddr).port;
  }
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

for (const lane of SECURE) {
  for (const version of versionsOf(lane)) {
    const type = lane.protocol === "dtls" ? "dtls" : " ssl";

    Deno.test(`${lane.name} server answers openssl s_client -${version}`, { ignore }, async () => {
      await using place = await Workplace.make();
      const { port, process } = await place.serve(lane, ["--sizes", "100", "--repeat", "1"]);
      const child = openssl([
        ...["s_client", `-${version}`, "-connect", `127.0.0.1:${port}`, "-quiet"],
        ...["-verify_ip", "127.0.0.1", ...credentials(place, "client")],
      ]);
      const stdin = child.stdin.getWriter();
      const message = `    0,${type},    100,    1.000001,`.padEnd(100, "A");
      await stdin.write(new TextEncoder().encode(message));
      assertEquals(await readUntil(child.stdout, /ack\0/), "ack\0");
      stdin.releaseLock();
      await end(child);
      // s_client goes without a close_notify, which ends a server of streams, and is not to be
      // heard of on datagrams; the message was answered all the same.
      if (lane.protocol === "dtls") process.kill("SIGTERM");
      const { stdout } = await within(process.ended);
      assertMatch(stdout, new RegExp(`us     0,${type},    100,    1\\.000001$`, "m"));
    });

    Deno.test(
      `${lane.name} client sends its message to openssl s_server -${version}`,
      { ignore },
      async () => {
        await using place = await Workplace.make();
        const port = freePort(lane);
        const child = openssl([
          ...["s_server", `-${version}`, "-accept", `127.0.0.1:${port}`, "-Verify", "1"],
          ...["-naccept", "1", ...credentials(place, "server")],
        ]);
        await readUntil(child.stdout, /ACCEPT/);
        const client = place.run(lane, "client", [
          ...["--port", String(port), "--sizes", "100", "--repeat", "1", "--no-reply"],
        ]);
        const stdout = await readUntil(child.stdout, /A{68}/);
        const { code, stderr } = await client;
        await end(child);
        assertEquals(code, 0, stderr);
        assertMatch(stdout, new RegExp(` {4}0,${type}, {4}100, *\\d+\\.\\d{6},A{68}`));
        assertMatch(stdout, /subject=.*client/i);
      },
    );
  }
}
