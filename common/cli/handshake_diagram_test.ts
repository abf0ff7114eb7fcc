import { flightsOf, roundTripsOf } from "../measure/handshake_flights.ts";
import type { TracedHandshake } from "../measure/traced_handshake.ts";
import type { HandshakeMessage } from "../model/handshake_message.ts";
import type { Role } from "../model/protocol.ts";
import { assert, assertEquals, assertMatch } from "../testing/assert.ts";
import { connectedNet, memoryNet } from "../testing/memory_net.ts";
import { type ProtocolName, resumptionBench } from "../testing/resumption.ts";
import { loadOpenSsl } from "../openssl/bindings/library.ts";
import { drawHandshake, drawnHandshakes } from "./handshake_diagram.ts";
import { COLUMNS } from "./wrap.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

/** Times and lengths differ from run to run. */
function traced(events: HandshakeMessage[], resumed = false): TracedHandshake {
  const even = events.map((event, i) => ({ ...event, us: i * 100, bytes: 100 }));
  return { client: 0, no: 0, resumed, events: even };
}

/** A full handshake and a resumed one, as an end sees them. */
async function traces(
  protocol: ProtocolName,
  clientCertificate: "none" | "require",
  role: Role = "client",
): Promise<[full: TracedHandshake, resumed: TracedHandshake]> {
  const events: HandshakeMessage[] = [];
  const told = { onHandshakeMessage: (message: HandshakeMessage) => void events.push(message) };
  using bench = await resumptionBench(
    protocol,
    { clientCertificate, ...(role === "server" ? told : {}) },
    role === "client" ? told : {},
  );
  const { saved } = bench.connect();
  const full = events.splice(0);
  assert(bench.tell({ session: saved! }).resumed);
  saved!.close();
  return [traced(full), traced(events, true)];
}

const MUTUAL_13 = `\
TLS 1.3
1 round trip + 1 of TCP's connect before the client can send data
14 messages, 1400 bytes
computed: about 41 ms at 20 ms a round trip, 201 at 100, with TCP's connect

       us client              server
--------- flight 1, the client's -----------------------------------------------
        0 |- ClientHello --------->| what it can, and a key share
          .. waits for the server's key share: no keys without it
--------- flight 2, the server's: round trip 1 is complete ---------------------
      100 |<--------- ServerHello -| what is chosen, and a key share
      200 |<---- ChangeCipherSpec -| says nothing; old firewalls want it
      300 |<- EncryptedExtensions -| other settings; encrypted from here on
      400 |<-- CertificateRequest -| * asks who the client is
      500 |<--------- Certificate -| who the server is
      600 |<--- CertificateVerify -| proof that it has the server's key
      700 |<------------ Finished -| a check over all that was said
--------- flight 3, the client's -----------------------------------------------
      800 |- ChangeCipherSpec ---->| says nothing; old firewalls want it
      900 |- Certificate --------->| * who the client is
     1000 |- CertificateVerify --->| * proof that it has the client's key
     1100 |- Finished ------------>| a check over all that was said
          => after 1 round trip + 1 of TCP's connect the client can send data
--------- flight 4, the server's -----------------------------------------------
     1200 |<---- NewSessionTicket -| to resume the session with, later
     1300 |<---- NewSessionTicket -| to resume the session with, later
--------- the handshake is over: data ------------------------------------------
     1400 |- ApplicationData ----->| the first message
--------- the server -----------------------------------------------------------
     1500 |<----- ApplicationData -| the first answer
--------- the client -----------------------------------------------------------
     1600 |- close_notify -------->| no more will be sent
* only because the client shows a certificate, too (mutual authentication)
`;

Deno.test("drawHandshake() draws TLS 1.3 with mutual authentication", async () => {
  const [full] = await traces("TLS 1.3", "require");
  assertEquals(drawHandshake(full, "client", "TLS 1.3"), MUTUAL_13);
});

const RESUMED_12 = `\
TLS 1.2, resumed
1 round trip + 1 of TCP's connect before the client can send data
6 messages, 600 bytes
computed: about 41 ms at 20 ms a round trip, 201 at 100, with TCP's connect

       us client              server
--------- flight 1, the client's -----------------------------------------------
        0 |- ClientHello --------->| what it can, and a session to resume
          .. waits for the server's Finished: that nobody changed anything
--------- flight 2, the server's: round trip 1 is complete ---------------------
      100 |<--------- ServerHello -| the session goes on: no certificates
      200 |<---- ChangeCipherSpec -| encrypted from here on
      300 |<------------ Finished -| a check over all that was said
--------- flight 3, the client's -----------------------------------------------
      400 |- ChangeCipherSpec ---->| encrypted from here on
      500 |- Finished ------------>| a check over all that was said
          => after 1 round trip + 1 of TCP's connect the client can send data
--------- the handshake is over: data ------------------------------------------
      600 |- ApplicationData ----->| the first message
--------- the server -----------------------------------------------------------
      700 |<----- ApplicationData -| the first answer
      800 |<-------- close_notify -| no more will be sent
resumed: keys of the old session's secret alone; no certificates, no key shares
`;

Deno.test("drawHandshake() draws a server's trace as the client's, with its own times", async () => {
  const [, resumed] = await traces("TLS 1.2", "none", "server");
  assertEquals(drawHandshake(resumed, "server", "TLS 1.2, resumed"), RESUMED_12);
});

const FRAGMENTS = `\
DTLS in parts
3 round trips before the client can send data
17 messages, 1700 bytes; 3 sent again
computed: about 62 ms at 20 ms a round trip, 302 at 100

       us client              server
--------- flight 1, the client's -----------------------------------------------
        0 |- ClientHello --------->| what it can: versions, ciphers
          .. waits for the cookie, to show that it is where it says
--------- flight 2, the server's: round trip 1 is complete ---------------------
      100 |<-- HelloVerifyRequest -| a cookie: is the client where it says?
--------- flight 3, the client's -----------------------------------------------
      200 |- ClientHello --------->| the same, with the cookie
          .. waits for the server's choice and its key share
--------- flight 4, the server's: round trip 2 is complete ---------------------
      300 |<--------- ServerHello -| what is chosen: version, cipher
      400 |<--------- Certificate -| who the server is
      500 |<--------- Certificate -| from byte 489 on
      600 |<--- ServerKeyExchange -| the server's key share, signed
      700 |<----- ServerHelloDone -| that is all; the client's turn
      800 |<--------- Certificate -| sent again
      900 |<--------- Certificate -| sent again from byte 489 on
     1000 |<--- ServerKeyExchange -| sent again
--------- flight 5, the client's -----------------------------------------------
     1100 |- ClientKeyExchange --->| its key share: both have the keys now
     1200 |- ChangeCipherSpec ---->| encrypted from here on
     1300 |- Finished ------------>| a check over all that was said
          .. waits for the server's Finished: that nobody changed anything
--------- flight 6, the server's: round trip 3 is complete ---------------------
     1400 |<---- NewSessionTicket -| to resume the session with, later
     1500 |<---- ChangeCipherSpec -| encrypted from here on
     1600 |<------------ Finished -| a check over all that was said
          => after 3 round trips the client can send data
`;

Deno.test("drawHandshake() draws fragments, and what is sent again", async () => {
  const seen: HandshakeMessage[] = [];
  const onHandshakeMessage = (message: HandshakeMessage) => void seen.push(message);
  using _net = await connectedNet({
    mtu: 600,
    client: { onHandshakeMessage },
    server: { clientCertificate: "none" },
  });
  // Whether a signature ends in the same datagram depends on its length, which is another each time.
  const events = seen.filter(({ name, fragment }) =>
    name !== "ServerKeyExchange" || fragment?.[0] === 0
  );
  const done = events.findIndex(({ name }) => name === "ServerHelloDone");
  const again = events.slice(done - 3, done).map((event) => ({ ...event, retransmission: true }));
  events.splice(done + 1, 0, ...again);
  // How long a ServerHello is, and what fits behind it, is libssl's: 3.6 says two bytes less.
  const [from] = events.filter(({ name }) => name === "Certificate")[1]!.fragment!;
  const expected = FRAGMENTS.replaceAll("from byte 489", `from byte ${from}`);
  assertEquals(drawHandshake(traced(events), "client", "DTLS in parts"), expected);
});

/** Round trips before data can be sent: RFC 5246 7.3, RFC 8446 2; a cookie is one more. */
const ROUND_TRIPS = { DTLS: [2, 1], "TLS 1.2": [2, 1], "TLS 1.3": [1, 1] };

for (const protocol of ["DTLS", "TLS 1.2", "TLS 1.3"] as const) {
  for (const role of ["client", "server"] as const) {
    Deno.test(`flightsOf() counts the same round trips at the ${role} (${protocol})`, async () => {
      const both = await traces(protocol, "require", role);
      const trips = both.map(({ events }) => roundTripsOf(flightsOf(events, role)));
      assertEquals(trips, ROUND_TRIPS[protocol]);
      for (const handshake of both) {
        for (const line of drawHandshake(handshake, role, protocol).split("\n")) {
          assert(line.length <= COLUMNS, line);
        }
      }
    });
  }
}

Deno.test("drawHandshake() says that a handshake is not complete, and why", async () => {
  const events: HandshakeMessage[] = [];
  const onHandshakeMessage = (message: HandshakeMessage) => void events.push(message);
  using net = await memoryNet({ datagram: false, client: { caCerts: [], onHandshakeMessage } });
  net.run();
  assert(net.client.error !== null);
  const lines = drawHandshake(traced(events), "client", "refused").trimEnd().split("\n");
  assertMatch(lines[1]!, /^1 round trip \+ 1 of TCP's connect, and the handshake is not complete$/);
  const alert = lines.find((line) => line.includes("unknown_ca"));
  assertMatch(alert!, /\|- unknown_ca ---------->\| why it ends$/);
});

Deno.test("drawHandshake() draws a hello that nobody answers", async () => {
  const [{ events }] = await traces("TLS 1.2", "none");
  const lines = drawHandshake(traced(events.slice(0, 1)), "client", "alone").split("\n");
  assertEquals(lines.slice(1, 3), [
    "0 round trips + 1 of TCP's connect, and the handshake is not complete",
    "1 message, 100 bytes",
  ]);
});

Deno.test("drawHandshake() says what a resumed handshake of TLS 1.3 goes on with", async () => {
  const [, resumed] = await traces("TLS 1.3", "require");
  const text = drawHandshake(resumed, "client", "TLS 1.3, resumed");
  assertMatch(text, /ClientHello -+>\| what it can, a key share, and a ticket$/m);
  assertMatch(text, /^ +\.\. waits for the server's key share: new keys need it$/m);
  assertMatch(text, /ServerHello -\| a key share; the session goes on$/m);
  assertMatch(text, /^resumed: keys of the old session's secret and new key shares; no cert/m);
});

Deno.test("drawHandshake() draws no more than a terminal can show, and says so", async () => {
  const [{ events }] = await traces("DTLS", "require");
  const many = Array.from({ length: 10 }, () => events).flat();
  const lines = drawHandshake(traced(many), "client", "much loss").trimEnd().split("\n");
  assertEquals(lines.filter((line) => /^ *\d+ \|/.test(line)).length, 60);
  assert(lines.includes(`... and ${many.length - 60} more`));
});

Deno.test("drawHandshake() draws a message whose name is nothing to it", async () => {
  const [{ events }] = await traces("DTLS", "require");
  for (const name of ["constructor", "__proto__", ""]) {
    const [first, ...rest] = events;
    const lines = drawHandshake(traced([{ ...first!, name }, ...rest]), "client", "odd").split(
      "\n",
    );
    const line = lines.find((line) => /^ *0 \|/.test(line))!;
    assertMatch(line, new RegExp(`^ +0 \\|- ${name} -+>\\|$`));
  }
});

Deno.test("drawnHandshakes() prefers what is complete to what a stranger has begun", async () => {
  const [full, resumed] = await traces("TLS 1.3", "require");
  const failed = { ...full, events: full.events.slice(0, 1) };
  const whatOf = (...handshakes: TracedHandshake[]) =>
    drawnHandshakes({ role: "client", handshakes }).map(({ what, handshake }) =>
      `${what}: ${handshakes.indexOf(handshake)}`
    );
  assertEquals(whatOf(failed), ["first handshake: 0"]);
  assertEquals(whatOf(failed, full), ["first complete handshake: 1"]);
  assertEquals(whatOf(failed, full, resumed), [
    "first complete handshake: 1",
    "first resumed handshake: 2",
  ]);
  assertEquals(whatOf(full, failed, resumed), [
    "first handshake: 0",
    "first resumed handshake: 2",
  ]);
  assertEquals(whatOf(resumed, full), ["first resumed handshake: 0"]);
});
