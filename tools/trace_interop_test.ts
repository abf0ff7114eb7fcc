/** What the secure pairs trace is what tshark lists of the same run, in the same order. */
import type { TracedHandshake } from "../common/measure/traced_handshake.ts";
import type { HandshakeMessage } from "../common/model/handshake_message.ts";
import { type Role, ROLES } from "../common/model/protocol.ts";
import { assertEquals } from "../common/testing/assert.ts";
import { Capture, NO_CAPTURE } from "../common/testing/capture.ts";
import type { WireMessage } from "../common/testing/captured_messages.ts";
import { OpenServer } from "../common/testing/open_server.ts";
import { laneNamed, readDocument, Workplace } from "../common/testing/pairs.ts";
import { hostScripts } from "../common/testing/script_hosts.ts";

const CASES = {
  "TLS 1.2": { protocol: "tls", version: ["--tls-version", "1.2"] },
  "TLS 1.3": { protocol: "tls", version: ["--tls-version", "1.3"] },
  "DTLS 1.2": { protocol: "dtls", version: [] },
} as const;
type Case = typeof CASES[keyof typeof CASES];

const KINDS = ["async", "sync"] as const;
type Io = typeof KINDS[number];

/** A full handshake and a resumed one, each with a message and its answer. */
const CONNECTIONS = 2;
const PLAN = ["--sizes", "100", "--repeat", String(CONNECTIONS)];

/** How often a run is made anew: see {@linkcode untroubled}. */
const ATTEMPTS = 3;

// Two servers wait for the client of one.
if (NO_CAPTURE === null) hostScripts(KINDS.map((io) => laneNamed(`tls-${io}-openssl`)), 3);

/** A server that waits for its client. */
interface Waiting {
  io: Io;
  /** Whether it asks for a certificate. */
  asks: boolean;
  port: number;
  /** Serves; what it has traced. */
  serve: () => Promise<HandshakeMessage[]>;
}

/** A run, as both ends and the wire have seen it. */
interface Seen extends Record<Role, HandshakeMessage[]> {
  io: Io;
  asks: boolean;
  wire: WireMessage[];
}

/** Two handshakes, of which the second one resumes the first one's session. */
function readTrace(document: string): HandshakeMessage[] {
  const [run] = readDocument(Deno.readTextFileSync(document)).runs;
  const handshakes: readonly TracedHandshake[] = run!.handshakes!;
  assertEquals(handshakes.map(({ resumed }) => resumed), [false, true]);
  return handshakes.flatMap(({ events }) => events);
}

/** Of each kind of I/O one that asks for a certificate, a pair's, and one that does not. */
async function serve(
  { protocol, version }: Case,
  place: Workplace,
  open: AsyncDisposableStack,
): Promise<Waiting[]> {
  const servers = KINDS.map(async (io): Promise<Waiting[]> => {
    const lane = laneNamed(`${protocol}-${io}-openssl`);
    const document = place.path(`${io}-server.json`);
    const args = [...version, ...PLAN, "--trace", "--resume", "--json", document];
    const { port, process } = await place.serve(lane, args);
    const ended = async () => {
      const { code, stderr } = await process.ended;
      assertEquals(code, 0, stderr);
      return readTrace(document);
    };
    const other = open.use(await OpenServer.listen(lane, version));
    return [
      { io, asks: true, port, serve: ended },
      { io, asks: false, port: other.port, serve: () => other.serve(CONNECTIONS) },
    ];
  });
  return (await Promise.all(servers)).flat();
}

/** Runs a client against each server, one after the other, under one capture. */
async function observe(what: Case): Promise<Seen[]> {
  const { protocol, version } = what;
  await using place = await Workplace.make();
  await using open = new AsyncDisposableStack();
  const servers = await serve(what, place, open);
  const ports = servers.map(({ port }) => port);
  await using capture = await Capture.start(ports, place.path("packets.pcapng"));
  const keys = place.path("keys");
  const seen: Omit<Seen, "wire">[] = [];
  for (const { io, asks, port, serve } of servers) {
    const document = place.path(`${port}.json`);
    const serving = serve();
    // Where the client fails, too, its failure is the one to tell.
    serving.catch(() => {});
    const { code, stderr } = await place.run(laneNamed(`${protocol}-${io}-openssl`), "client", [
      ...[...version, ...PLAN, "--port", String(port), "--key-log", keys],
      ...["--trace", "--resume", "--json", document],
    ]);
    assertEquals(code, 0, stderr);
    seen.push({ io, asks, client: readTrace(document), server: await serving });
  }
  await capture.end();
  const wire = await capture.messages(protocol, keys);
  return seen.map((one, i) => ({ ...one, wire: wire[i]! }));
}

/**
 * On a busy machine a timer of DTLS may run out. What then is sent again may come when the other end
 * has gone on: that drops it unread, and has nothing to trace. Such a run is made anew.
 */
async function untroubled(what: Case): Promise<Seen[]> {
  const isAgain = ({ retransmission }: HandshakeMessage) => retransmission;
  for (let attempt = 1;; attempt++) {
    const seen = await observe(what);
    const isTroubled = seen.some(({ client, server }) => [...client, ...server].some(isAgain));
    if (!isTroubled || attempt === ATTEMPTS) return seen;
  }
}

/** A trace as seen from outside. */
function asOnTheWire(role: Role, messages: HandshakeMessage[]): WireMessage[] {
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

for (const [name, what] of Object.entries(CASES)) {
  Deno.test({
    name: `tshark lists what the ends of ${name} trace${
      NO_CAPTURE === null ? "" : ` (${NO_CAPTURE})`
    }`,
    ignore: NO_CAPTURE !== null,
    async fn() {
      const seen = await untroubled(what);
      for (const { io, asks, wire, ...traces } of seen) {
        const count = (name: string) => wire.filter((message) => message.name === name).length;
        assertEquals([count("ServerHello"), count("CertificateRequest")], [2, asks ? 1 : 0]);
        for (const role of ROLES) {
          assertEquals(
            ticketsBeforeAnswer(asOnTheWire(role, traces[role])),
            ticketsBeforeAnswer(wire),
            `${name}, ${io}, ${asks ? "with" : "without"} client certificate, of the ${role}`,
          );
        }
      }
      const isPart = ({ fragment }: WireMessage) => fragment !== null && fragment[0] > 0;
      const hasParts = seen.some(({ wire }) => wire.some(isPart));
      assertEquals(hasParts, what.protocol === "dtls", "a message in fragments");
    },
  });
}
