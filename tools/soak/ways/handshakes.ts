/**
 * Handshakes and sessions: those that go well, those that fail, those that are left.
 *
 * @module
 */
import type { CertificateSet } from "../../../certs/authority.ts";
import { testCertificates } from "../../../common/testing/certs.ts";
import { RunError } from "../../../common/base/errors.ts";
import { type MemoryNet, memoryNet } from "../../../common/testing/memory_net.ts";
import type { ProtocolName } from "../../../common/testing/resumption.ts";
import { meeting, NAMES, optionsOf, type Way, type Ways } from "./meeting.ts";

/** A message each way, and the end in order. */
function talkAndEnd(net: MemoryNet): void {
  net.client.send(new Uint8Array(1000).fill(1));
  net.settle();
  net.server.send(new Uint8Array(1000).fill(2));
  net.settle();
  net.client.shutdown();
  net.settle();
  net.server.shutdown();
  net.settle();
}

/** The first flights are more on DTLS, which asks for a cookie. */
const MAX_FLIGHTS = 5;

/** All of them. */
export async function handshakeWays(): Promise<Ways> {
  const stranger = await testCertificates("stranger");
  const ways: Ways = {};
  for (const name of NAMES) Object.assign(ways, waysOf(name, stranger));
  return ways;
}

function waysOf(name: ProtocolName, stranger: CertificateSet): Ways {
  const anyone = { unsafelySkipVerification: true, caCerts: undefined };
  const noAsking = { clientCertificate: "none", caCerts: undefined } as const;
  const all: Ways = {
    "a handshake, messages, the end": meeting(name, {}, "established", { after: talkAndEnd }),
    "a session that is closed without a word": meeting(name, {}),
    "no client certificate": meeting(name, { server: noAsking }),
    "no verification": meeting(name, { client: anyone }),
    "what was agreed on": meeting(name, {}, "established", {
      after: ({ client, server }) => [client, server].map(({ session }) => session!.info()),
    }),
    "exported keys": meeting(name, {}, "established", {
      after: ({ client, server }) => {
        for (const { session } of [client, server]) {
          session!.exportKeyingMaterial("EXPERIMENTAL", 32, new Uint8Array(3));
          session!.exportKeyingMaterial("EXPERIMENTAL", 32);
        }
      },
    }),
    "a key log": meeting(name, { client: { keyLog() {} }, server: { keyLog() {} } }),
    "traced messages": meeting(name, {
      client: { onHandshakeMessage() {} },
      server: { onHandshakeMessage() {} },
    }),
    "application protocols": meeting(name, {
      client: { alpnProtocols: ["one", "two"] },
      server: { alpnProtocols: ["two"] },
    }),
    "no application protocol in common": meeting(name, {
      client: { alpnProtocols: ["one"] },
      server: { alpnProtocols: ["two"] },
    }, "failed"),
    "no group in common": meeting(
      name,
      { client: { groups: "P-384" }, server: { groups: "P-256" } },
      "failed",
    ),
    "a client of another authority": meeting(name, { client: stranger.client }, "failed"),
    "a server of another authority": meeting(name, { server: stranger.server }, "failed"),
    "a server for another name": meeting(name, { serverName: "wrong.example" }, "failed"),
    "a client without a certificate": meeting(
      name,
      { client: { cert: undefined, key: undefined } },
      "failed",
    ),
    "a function that throws": meeting(name, {
      client: {
        keyLog() {
          throw new Error("no");
        },
      },
    }, "failed"),
    "a client closed by a function of its own": closedWithin(name),
    "a record that is altered": meeting(name, {}, name === "DTLS" ? "established" : "failed", {
      after: alter,
    }),
    "garbage instead of a handshake": meeting(name, {}, name === "DTLS" ? "waiting" : "failed", {
      before: (net) => {
        net.passes = ({ from, bytes }) => {
          if (from === "server") bytes.fill(0x5a);
          return true;
        };
      },
    }),
    "a datagram or record that nobody asked for": meeting(
      name,
      {},
      name === "DTLS" ? "established" : "failed",
      { after: (net) => net.deliver({ from: "client", bytes: new Uint8Array(100).fill(22) }) },
    ),
  };
  for (let flights = 1; flights <= MAX_FLIGHTS; flights++) {
    all[`a handshake that is left after ${flights} of its datagrams`] = leftAfter(name, flights);
  }
  return Object.fromEntries(
    Object.entries(all).map(([what, way]) => [`${name}: ${what}`, way]),
  );
}

function alter(net: MemoryNet): void {
  net.passes = ({ bytes }) => {
    bytes[bytes.length - 1]! ^= 1;
    return true;
  };
  net.client.send(new Uint8Array(100));
  net.settle();
}

/** Some of the datagrams of a handshake arrive, of a stream some of its pieces, and then nothing more. */
function leftAfter(name: ProtocolName, flights: number): Way {
  return async () => {
    using net = await memoryNet(optionsOf(name, {}));
    let sent = 0;
    net.passes = () => sent++ < flights;
    net.run();
  };
}

/** From within a call of OpenSSL's; it is freed when that has returned. */
function closedWithin(name: ProtocolName): Way {
  return async () => {
    let close = () => {};
    using net = await memoryNet(optionsOf(name, { client: { keyLog: () => close() } }));
    close = () => net.client.session!.close();
    net.run();
    if (net.client.session!.established) throw new RunError("it was not closed");
  };
}
