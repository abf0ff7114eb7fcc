/** Peers judged by the program's own check, when a session is resumed. */
import { assert, assertEquals, assertInstanceOf, assertMatch } from "../../testing/assert.ts";
import { chainOf } from "../../testing/chain.ts";
import {
  type ProtocolName,
  PROTOCOLS,
  type ResumptionBench,
  resumptionBench,
} from "../../testing/resumption.ts";
import { CallbackError } from "../bindings/calls.ts";
import { CertificateError } from "../bindings/errors.ts";
import { loadOpenSsl } from "../bindings/library.ts";
import type { PeerCertificate } from "../peer_certificate.ts";
import type { PeerFacts } from "../peer_settings.ts";
import { SavedSession } from "../saved_session.ts";
import { SelfSignedCertificate } from "../self_signed.ts";
import type { TlsClientSettings, TlsServerSettings } from "../settings.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

const [MINE, YOURS, OTHER] = await Promise.all([
  SelfSignedCertificate.generate(),
  SelfSignedCertificate.generate(),
  SelfSignedCertificate.generate(),
]);

const SERVER: TlsServerSettings = { ...MINE, caCerts: undefined, clientCertificate: undefined };
const CLIENT: TlsClientSettings = {
  ...YOURS,
  caCerts: undefined,
  peerFingerprints: [MINE.fingerprint],
};

/** A check whose answer can change between connections; it keeps what it was told. */
class Gate {
  answer: () => Error | void = () => {};
  readonly resumed: boolean[] = [];
  readonly chains: string[] = [];
  readonly verifyPeer = (chain: readonly PeerCertificate[], facts: PeerFacts) => {
    this.resumed.push(facts.resumed);
    this.chains.push(chain.map(({ pem }) => pem).join(""));
    return this.answer();
  };
}

function bench(
  protocol: ProtocolName,
  server: TlsServerSettings,
  client: TlsClientSettings = {},
): Promise<ResumptionBench> {
  return resumptionBench(protocol, { ...SERVER, ...server }, { ...CLIENT, ...client });
}

const alone = ({ verifyPeer }: Gate) => ({ peerAuthentication: "verifyPeer", verifyPeer } as const);

/** Whether tickets or the server's own cache keep the sessions. */
const KEEPS = [true, false];

for (const protocol of Object.keys(PROTOCOLS) as ProtocolName[]) {
  for (const sessionTickets of KEEPS) {
    const how = `${sessionTickets ? "tickets" : "cache"}, ${protocol}`;

    Deno.test(`a session is resumed between ends with fingerprints (${how})`, async () => {
      using it = await bench(protocol, { sessionTickets, peerFingerprints: [YOURS.fingerprint] });
      using session = it.connect().saved!;
      const { established, resumed, error } = it.tell({ session });
      assertEquals([established, resumed, error], [true, true, undefined]);
    });

    Deno.test(`verifyPeer is asked again on both ends (${how})`, async () => {
      const [server, client] = [new Gate(), new Gate()];
      using it = await bench(protocol, { sessionTickets, ...alone(server) }, {
        peerFingerprints: undefined,
        ...alone(client),
      });
      using session = it.connect().saved!;
      const { established, resumed, error } = it.tell({ session });
      assertEquals([established, resumed, error], [true, true, undefined]);
      assertEquals([server.resumed, client.resumed], [[false, true], [false, true]]);
      assertEquals(server.chains, [YOURS.cert, YOURS.cert]);
      assertEquals(client.chains, [MINE.cert, MINE.cert]);
    });

    Deno.test(`a client that verifyPeer takes no longer is not let in (${how})`, async () => {
      const gate = new Gate();
      using it = await bench(protocol, { sessionTickets, ...alone(gate) });
      using session = it.connect().saved!;
      gate.answer = () => new Error("no longer");
      const { established, error } = it.tell({ session });
      assertEquals(established, false);
      assertInstanceOf(error, CertificateError);
      assertMatch(error.message, /is refused by verifyPeer: no longer$/);
      assertEquals(gate.resumed[1], true);
      gate.answer = () => {};
      assertEquals(it.tell().established, true);
    });

    Deno.test(`an error of verifyPeer on resumption is told once (${how})`, async () => {
      const gate = new Gate();
      using it = await bench(protocol, { sessionTickets, ...alone(gate) });
      using session = it.connect().saved!;
      gate.answer = () => {
        throw new Error("the list is away");
      };
      const { established, error } = it.tell({ session });
      assertEquals([established, gate.resumed], [false, [false, true]]);
      assertInstanceOf(error, CallbackError);
    });

    Deno.test(`verifyPeer sees the way to the authority again (${how})`, async () => {
      const { root, chain, key } = await chainOf(["localhost"]);
      const gate = new Gate();
      const server = { cert: chain, key, sessionTickets };
      const client = { caCerts: [root], peerFingerprints: undefined, verifyPeer: gate.verifyPeer };
      using it = await bench(protocol, server, client);
      using session = it.connect().saved!;
      using reread = SavedSession.parse(session.serialize());
      for (const one of [session, reread]) {
        const { resumed, error } = it.tell({ session: one });
        assertEquals([resumed, error], [true, undefined]);
      }
      assertEquals(gate.chains, [chain + root, chain + root, chain + root]);
    });
  }

  Deno.test(`a session of a server with another fingerprint: full, and refused (${protocol})`, async () => {
    using it = await bench(protocol, {});
    using session = it.connect().saved!;
    using reread = SavedSession.parse(session.serialize());
    for (const one of [session, reread]) {
      const context = it.client({ peerFingerprints: [OTHER.fingerprint] });
      const { established, resumed, error } = it.tell({ session: one, context });
      assertEquals([established, resumed], [false, false]);
      assertInstanceOf(error, CertificateError);
      assertMatch(error.message, /^Cannot complete the handshake: .* has the fingerprint sha-256/);
    }
  });

  Deno.test(`a server that verifyPeer takes no longer is refused by an alert (${protocol})`, async () => {
    const gate = new Gate();
    using it = await bench(protocol, {}, { peerFingerprints: undefined, ...alone(gate) });
    using session = it.connect().saved!;
    gate.answer = () => new Error("no longer");
    const { established, error, heard } = it.tell({ session });
    assertEquals([established, heard, gate.resumed], [false, false, [false, true, false]]);
    assertInstanceOf(error, CertificateError);
    assertMatch(error.message, /^Cannot complete the handshake: .*by verifyPeer: no longer$/);
  });

  Deno.test(`a session that nothing was asked about is not one with fingerprints (${protocol})`, async () => {
    using it = await bench(protocol, {}, {
      peerFingerprints: undefined,
      unsafelySkipVerification: true,
    });
    const first = it.connect();
    assert(first.saved);
    using session = first.saved;
    const context = it.client({
      unsafelySkipVerification: undefined,
      peerFingerprints: [MINE.fingerprint],
    });
    const { established, resumed } = it.tell({ session, context });
    assertEquals([established, resumed], [true, false]);
  });
}

Deno.test("a session of another program's is not offered to a server known by its fingerprint", async () => {
  using it = await bench("TLS 1.3", {});
  using session = it.connect().saved!;
  const text = session.serialize().replace(/^netpairs-binding: .*$/m, "");
  using foreign = SavedSession.parse(text);
  assertEquals(foreign.isBound, false);
  const { established, resumed } = it.tell({ session: foreign });
  assertEquals([established, resumed], [true, false]);
});
