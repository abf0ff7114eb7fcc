/** What the secure pairs trace is what tshark lists of the same run, in the same order. */
import type { RunResult } from "../common/measure/result.ts";
import type { HandshakeMessage } from "../common/model/handshake_message.ts";
import { assertEquals } from "../common/testing/assert.ts";
import { Capture, NO_CAPTURE } from "../common/testing/capture.ts";
import type { WireMessage } from "../common/testing/captured_messages.ts";
import { OpenServer } from "../common/testing/open_server.ts";
import { laneNamed, readDocument, Workplace } from "../common/testing/pairs.ts";
import { hostScripts } from "../common/testing/script_hosts.ts";

const CASES = {
  "TLS 1.2": { protocol: "tls", args: ["--tls-version", "1.2"] },
  "TLS 1.3": { protocol: "tls", args: ["--tls-version", "1.3"] },
  "DTLS 1.2": { protocol: "dtls", args: [] },
} as const;

const KINDS = ["async", "sync"] as const;

/** A full handshake and a resumed one, each with a message and its answer. */
const CONNECTIONS = 2;
const PLAN = ["--sizes", "100", "--repeat", String(CONNECTIONS)];

// Two servers wait at once.
if (NO_CAPTURE === null) hostScripts(KINDS.map((io) => laneNamed(`tls-${io}-openssl`)), 3);

/** A server that waits for its client. */
interface Waiting {
  io: typeof KINDS[number];
  /** Whether it asks for a certificate. */
  asks: boolean;
  port: number;
  /** Serves; what it has traced. */
  serve: () => Promise<HandshakeMessage[]>;
}

/** As seen from outside. */
function asOnTheWire(role: RunResult["role"], messages: HandshakeMessage[]): WireMessage[] {
  const other = role === "client" ? "server" : "client";
  return messages.map(({ us: _us, direction, retransmission: _again, ...facts }) => ({
    from: direction === "sent" ? role : other,
    ...facts,
  }));
}

/**
 * In TLS 1.3 the server's tickets and the client's first message cross (RFC 8446 4.6.1): the client
 * reads them when it reads the answer. So they are put where that is, in every list.
 */
function ticketsBeforeAnswer(messages: WireMessage[]): WireMessage[] {
  const list: WireMessage[] = [];
  const tickets: WireMessage[] = [];
  for (const message of messages) {
    if (message.name === "NewSessionTicket") {
      tickets.push(message);
      continue;
    }
    if (message.from === "server") list.push(...tickets.splice(0));
    list.push(message);
  }
  return [...list, ...tickets];
}

function traced(document: string): HandshakeMessage[] {
  const [run] = readDocument(Deno.readTextFileSync(document)).runs;
  return run!.handshakes!.flatMap(({ events }) => events);
}

for (const [version, { protocol, args }] of Object.entries(CASES)) {
  Deno.test({
    name: `${version}: tshark lists the messages that are traced${
      NO_CAPTURE === null ? "" : ` (${NO_CAPTURE})`
    }`,
    ignore: NO_CAPTURE !== null,
    async fn() {
      await using place = await Workplace.make();
      await using open = new AsyncDisposableStack();
      const own = [...args, ...PLAN];
      const servers: Waiting[] = [];
      for (const io of KINDS) {
        const lane = laneNamed(`${protocol}-${io}-openssl`);
        const document = place.path(`${io}-server.json`);
        const traces = ["--trace", "--resume", "--json", document];
        const { port, process } = await place.serve(lane, [...own, ...traces]);
        const serve = async () => {
          assertEquals((await process.ended).code, 0);
          return traced(document);
        };
        servers.push({ io, asks: true, port, serve });
        const other = open.use(await OpenServer.listen(lane, own));
        servers.push({ io, asks: false, port: other.port, serve: () => other.serve(CONNECTIONS) });
      }
      await using capture = await Capture.start(
        servers.map(({ port }) => port),
        place.path("packets.pcapng"),
      );
      const traces: Record<RunResult["role"], WireMessage[]>[] = [];
      for (const { io, port, serve } of servers) {
        const document = place.path(`${port}.json`);
        const serving = serve();
        const client = await place.run(laneNamed(`${protocol}-${io}-openssl`), "client", [
          ...[...own, "--port", String(port), "--key-log", place.path("keys")],
          ...["--trace", "--resume", "--json", document],
        ]);
        assertEquals(client.code, 0, client.stderr);
        traces.push({
          client: asOnTheWire("client", traced(document)),
          server: asOnTheWire("server", await serving),
        });
      }
      await capture.end();
      const wire = await capture.messages(protocol, place.path("keys"));
      for (const [i, { io, asks }] of servers.entries()) {
        const seen = ticketsBeforeAnswer(wire[i]!);
        const names = seen.map(({ name }) => name);
        // A resumed handshake has none, and the run has one of each kind.
        const asked = asks ? 1 : 0;
        const { length } = names.filter((name) => name === "CertificateRequest");
        assertEquals([names.filter((name) => name === "ServerHello").length, length], [2, asked]);
        for (const role of ["client", "server"] as const) {
          const run = `${version}, ${io}, the ${role} ${asks ? "with" : "without"} certificate`;
          assertEquals(ticketsBeforeAnswer(traces[i]![role]), seen, run);
        }
      }
    },
  });
}
