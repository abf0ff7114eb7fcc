import { assert, assertEquals, assertMatch } from "../testing/assert.ts";
import { connectedNet, type MemoryNet, memoryNet } from "../testing/memory_net.ts";
import { PROTOCOLS, resumptionBench } from "../testing/resumption.ts";
import { saidIn } from "../testing/stderr.ts";
import { loadOpenSsl } from "./bindings/library.ts";
import type { HandshakeMessage } from "../model/handshake_message.ts";
import { fragmentsOf, readRecord } from "./session/message_records.ts";
import { recordLength } from "./records.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

/** Names in order: ">" is sent by the client, "<" by the server. */
class Names {
  readonly #mine: ">" | "<";
  readonly messages: HandshakeMessage[] = [];

  constructor(role: "client" | "server") {
    this.#mine = role === "client" ? ">" : "<";
  }

  readonly settings = {
    onHandshakeMessage: (message: HandshakeMessage) => void this.messages.push(message),
  };

  /** Up to the first record of application data. */
  take(): string {
    const all = this.messages.splice(0);
    const end = all.findIndex(({ kind }) => kind === "application_data");
    const other = this.#mine === ">" ? "<" : ">";
    return all.slice(0, end === -1 ? all.length : end)
      .map(({ direction, name }) => `${direction === "sent" ? this.#mine : other}${name}`)
      .join(" ");
  }
}

// RFC 5246 7.3, figures 1 and 2, with RFC 5077 3.1.
const FULL_12 = ">ClientHello <ServerHello <Certificate <ServerKeyExchange <ServerHelloDone " +
  ">ClientKeyExchange >ChangeCipherSpec >Finished <NewSessionTicket <ChangeCipherSpec <Finished";
const MUTUAL_12 =
  ">ClientHello <ServerHello <Certificate <ServerKeyExchange <CertificateRequest <ServerHelloDone " +
  ">Certificate >ClientKeyExchange >CertificateVerify >ChangeCipherSpec >Finished " +
  "<NewSessionTicket <ChangeCipherSpec <Finished";
const RESUMED_12 =
  ">ClientHello <ServerHello <ChangeCipherSpec <Finished >ChangeCipherSpec >Finished";

// RFC 8446 2, figures 1 and 3, with the ChangeCipherSpec of its appendix D.4.
const FULL_13 =
  ">ClientHello <ServerHello <ChangeCipherSpec <EncryptedExtensions <Certificate <CertificateVerify " +
  "<Finished >ChangeCipherSpec >Finished <NewSessionTicket <NewSessionTicket";
const MUTUAL_13 =
  ">ClientHello <ServerHello <ChangeCipherSpec <EncryptedExtensions <CertificateRequest " +
  "<Certificate <CertificateVerify <Finished >ChangeCipherSpec >Certificate >CertificateVerify " +
  ">Finished <NewSessionTicket <NewSessionTicket";
const RESUMED_13 = ">ClientHello <ServerHello <ChangeCipherSpec <EncryptedExtensions <Finished " +
  ">ChangeCipherSpec >Finished <NewSessionTicket";

const LISTS = {
  DTLS: { none: FULL_12, require: MUTUAL_12, resumed: RESUMED_12 },
  "TLS 1.2": { none: FULL_12, require: MUTUAL_12, resumed: RESUMED_12 },
  "TLS 1.3": { none: FULL_13, require: MUTUAL_13, resumed: RESUMED_13 },
};

for (const protocol of ["DTLS", "TLS 1.2", "TLS 1.3"] as const) {
  for (const clientCertificate of ["none", "require"] as const) {
    const how = clientCertificate === "none" ? "without" : "with";
    Deno.test(`onHandshakeMessage is told of every message, ${protocol} ${how} client certificate`, async () => {
      const ends = { client: new Names("client"), server: new Names("server") };
      using bench = await resumptionBench(
        protocol,
        { clientCertificate, ...ends.server.settings },
        ends.client.settings,
      );
      const { saved } = bench.connect();
      const lists = LISTS[protocol];
      const full = [ends.client.take(), ends.server.take()];
      assertEquals(full, [lists[clientCertificate], lists[clientCertificate]]);
      assert(bench.tell({ session: saved! }).resumed);
      saved!.close();
      assertEquals([ends.client.take(), ends.server.take()], [lists.resumed, lists.resumed]);
    });
  }

  Deno.test(`onHandshakeMessage is told of data and of the end (${protocol})`, async () => {
    const client = new Names("client");
    using net = await connectedNet({
      datagram: protocol === "DTLS",
      client: { maxVersion: PROTOCOLS[protocol], ...client.settings },
    });
    client.messages.length = 0;
    net.client.send(new Uint8Array(100));
    net.settle();
    net.server.send(new Uint8Array(3));
    net.settle();
    net.client.shutdown();
    net.settle();
    const told = client.messages.map(({ direction, kind, name }) => [direction, kind, name]);
    assertEquals(told, [
      ["sent", "application_data", "ApplicationData"],
      ["received", "application_data", "ApplicationData"],
      ["sent", "alert", "close_notify"],
    ]);
    // 16 bytes of tag; a nonce of 8 up to version 1.2, the type of what is inside in 1.3.
    const more = protocol === "TLS 1.3" ? 17 : 24;
    assertEquals(client.messages.map(({ bytes }) => bytes), [100 + more, 3 + more, 2]);
    const epoch = protocol === "DTLS" ? 1 : null;
    assert(client.messages.every((message) => message.epoch === epoch));
  });
}

Deno.test("onHandshakeMessage is told of the cookie's exchange, at both ends", async () => {
  const ends = { client: new Names("client"), server: new Names("server") };
  using _net = await connectedNet({ client: ends.client.settings, server: ends.server.settings });
  const [client, server] = [ends.client.messages, ends.server.messages];
  assertEquals(client[0]!.us, 0);
  for (const [i, { us }] of client.slice(1).entries()) assert(us >= client[i]!.us);
  const numbers = ({ name, messageSeq, epoch, fragment, bytes }: HandshakeMessage) => //
  [name, messageSeq, epoch, fragment?.[0], bytes - (fragment?.[1] ?? 0)];
  const expected = [
    ["ClientHello", 0, 0, 0, 12],
    ["HelloVerifyRequest", 0, 0, 0, 12],
    ["ClientHello", 1, 0, 0, 12],
    ["ServerHello", 1, 0, 0, 12],
  ];
  assertEquals([client, server].map((all) => all.slice(0, 4).map(numbers)), [expected, expected]);
  const finished = client.filter(({ name }) => name === "Finished").map(numbers);
  assertEquals(finished, [["Finished", 5, 1, 0, 12], ["Finished", 7, 1, 0, 12]]);
  assertEquals(ends.client.take(), ends.server.take());
});

Deno.test("onHandshakeMessage is not told of another client's cookie", async () => {
  const server = new Names("server");
  using net = await memoryNet({ server: server.settings });
  let forging: boolean | null = null;
  net.passes = ({ from }) => {
    if (from === "client" || forging !== null) return !forging;
    forging = true;
    const bytes = net.sent[0]!.bytes.slice();
    // In the random.
    bytes[30]! ^= 1;
    net.deliver({ from: "client", bytes });
    forging = false;
    return true;
  };
  net.run();
  assert(net.client.established);
  const [first, second] = server.messages;
  assertEquals([first!.messageSeq, second!.name], [1, "ServerHello"]);
});

/** The fragments in the clear that an end has put on the wire, as "number/from/length". */
function onTheWire(net: MemoryNet, role: "client" | "server"): string[] {
  const parts: string[] = [];
  for (const { bytes } of net.sent.filter(({ from }) => from === role)) {
    for (let at = 0; at < bytes.length; at += recordLength(bytes, at)) {
      const record = readRecord(bytes.subarray(at), true)!;
      if (record.type !== 22 || record.epoch !== 0) continue;
      for (const { messageSeq, from, length } of fragmentsOf(bytes.subarray(at), record)) {
        parts.push(`${messageSeq}/${from}/${length}`);
      }
    }
  }
  return parts;
}

/** The same as it was told. */
function asTold(messages: HandshakeMessage[], direction: "sent" | "received"): HandshakeMessage[] {
  return messages.filter((one) =>
    one.direction === direction && one.kind === "handshake" && one.epoch === 0
  );
}

const keyOf = ({ messageSeq, fragment }: HandshakeMessage) =>
  `${messageSeq}/${fragment?.[0]}/${fragment?.[1]}`;

Deno.test("onHandshakeMessage is told of fragments as they are on the wire", async () => {
  const ends = { client: new Names("client"), server: new Names("server") };
  using net = await connectedNet({
    mtu: 400,
    client: ends.client.settings,
    server: ends.server.settings,
  });
  for (const role of ["client", "server"] as const) {
    const other = role === "client" ? "server" : "client";
    const wire = onTheWire(net, role);
    assertEquals(asTold(ends[role].messages, "sent").map(keyOf), wire);
    assertEquals(asTold(ends[other].messages, "received").map(keyOf), wire);
    const certificate = asTold(ends[role].messages, "sent")
      .filter(({ name }) => name === "Certificate");
    assertEquals(certificate.length, 3);
    assert(ends[role].messages.every(({ retransmission }) => !retransmission));
  }
});

/** Lets the timers run until both ends are established. */
async function insist(net: MemoryNet): Promise<void> {
  net.run();
  for (let turns = 0; !net.client.established || !net.server.established; turns++) {
    assert(turns < 1000, "the handshake does not complete");
    await new Promise((resolve) => setTimeout(resolve, Math.min(net.timeoutMs() ?? 5, 20)));
    net.handleTimeouts();
  }
}

/** What is marked has gone that way before, and nothing else has. */
function checkMarks(messages: HandshakeMessage[]): number {
  let marked = 0;
  for (const direction of ["sent", "received"] as const) {
    const seen = new Set<string>();
    for (const message of messages.filter((one) => one.direction === direction)) {
      if (message.kind === "application_data" || message.kind === "alert") continue;
      const key = `${message.kind} ${keyOf(message)}`;
      assertEquals(message.retransmission, seen.has(key), `${direction} ${key}`);
      if (message.retransmission) marked++;
      seen.add(key);
    }
  }
  return marked;
}

Deno.test("onHandshakeMessage marks what is sent again, under loss", async () => {
  let marked = 0;
  const retransmitAfterMs = () => 16;
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    const ends = { client: new Names("client"), server: new Names("server") };
    using net = await memoryNet({
      client: { ...ends.client.settings, retransmitAfterMs },
      server: { ...ends.server.settings, retransmitAfterMs },
      ...{ mtu: 500, seed, faults: { lose: 0.15, double: 0.1 } },
    });
    await insist(net);
    for (const role of ["client", "server"] as const) {
      marked += checkMarks(ends[role].messages);
      const told = asTold(ends[role].messages, "sent").map(keyOf);
      const wire = onTheWire(net, role);
      // A server without state tells nothing of the hellos that have not come back.
      const isStateless = (key: string) => role === "server" && key.startsWith("0/");
      const both = [told, wire].map((keys) => keys.filter((key) => !isStateless(key)));
      assertEquals(both[0], both[1]);
    }
  }
  assert(marked > 10, `${marked} were marked`);
});

Deno.test("onHandshakeMessage marks a Finished that has come before", async () => {
  const server = new Names("server");
  const client = { retransmitAfterMs: () => 16 };
  using net = await memoryNet({ client, server: server.settings });
  // The server's last flight.
  let lost = 0;
  net.passes = ({ from }) => from === "client" || !net.server.established || ++lost > 1;
  await insist(net);
  const marked = server.messages.filter(({ retransmission }) => retransmission);
  const finished = marked.filter(({ name }) => name === "Finished");
  // On a busy machine more than once.
  const told = finished.map(({ direction, messageSeq, epoch }) =>
    `${direction} ${messageSeq} ${epoch}`
  );
  assertEquals([...new Set(told)], ["received 5 1", "sent 7 1"]);
  checkMarks(server.messages);
});

Deno.test("onHandshakeMessage is told of forged records, which change nothing", async () => {
  const client = new Names("client");
  using net = await connectedNet({ client: client.settings });
  client.messages.length = 0;
  const { bytes } = net.sent.find(({ from, bytes }) => from === "server" && bytes.length > 300)!;
  const forged = bytes.slice();
  // The record's number, and the message's.
  forged[10] = 200;
  forged[18] = 200;
  net.deliver({ from: "server", bytes: forged });
  const { name, epoch, messageSeq, retransmission } = client.messages[0]!;
  assertEquals([name, epoch, messageSeq, retransmission], ["ServerHello", 0, 200, false]);
  net.server.send(new Uint8Array(3));
  net.settle();
  assertEquals([net.client.inbox.length, net.client.error], [1, null]);
});

Deno.test("onHandshakeMessage tells a HelloRetryRequest from a ServerHello", async () => {
  const client = new Names("client");
  using net = await memoryNet({
    datagram: false,
    client: { ...client.settings, groups: "X25519:P-256" },
    server: { groups: "P-256" },
  });
  net.run();
  assertMatch(
    client.take(),
    /^>ClientHello <HelloRetryRequest >ChangeCipherSpec >ClientHello <ChangeCipherSpec <ServerHello /,
  );
});

Deno.test("onHandshakeMessage is told of the alert, and the error says the same as without", async () => {
  const refusal = async (onHandshakeMessage?: (message: HandshakeMessage) => void) => {
    const server = { caCerts: [], onHandshakeMessage };
    using net = await memoryNet({ datagram: false, server });
    net.run();
    return String(net.server.error);
  };
  const alerts: string[] = [];
  const said = await refusal(({ direction, kind, name }) => {
    // As other calls of the library's do.
    loadOpenSsl().ERR_clear_error();
    if (kind === "alert") alerts.push(`${direction} ${name}`);
  });
  assertEquals([said, alerts], [await refusal(), ["sent unknown_ca"]]);
});

Deno.test("onHandshakeMessage that throws is written to stderr, and ends nothing", async () => {
  let thrown = 0;
  const onHandshakeMessage = () => {
    if (thrown++ === 0) throw new Error("own");
  };
  const said = await saidIn(async () => {
    using net = await connectedNet({ client: { onHandshakeMessage } });
    assert(net.client.established);
  });
  assertEquals(said, ["netpairs: onHandshakeMessage failed: own"]);
});

for (const datagram of [true, false]) {
  Deno.test(`onHandshakeMessage may close its session (${datagram ? "DTLS" : "TLS"})`, async () => {
    const onHandshakeMessage = ({ name }: HandshakeMessage) => {
      if (name === "ServerHello") net.client.session!.close();
    };
    using net = await memoryNet({ datagram, client: { onHandshakeMessage } });
    net.run();
    assertEquals([net.client.established, net.server.established], [false, false]);
    assertEquals(String(net.client.error), "BadResource: the connection is closed");
  });
}

Deno.test("onHandshakeMessage takes the number of each session", async () => {
  const numbers = new Set<number>();
  const onHandshakeMessage = (_: HandshakeMessage, session: number) => void numbers.add(session);
  using bench = await resumptionBench("TLS 1.3", {}, { onHandshakeMessage });
  bench.tell();
  bench.tell();
  assertEquals([...numbers], [1, 2]);
});
