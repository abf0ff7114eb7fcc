/**
 * Sessions that are saved and resumed, pre-shared keys, and names that decide about certificates.
 *
 * @module
 */
import { RunError } from "../../../common/base/errors.ts";
import { SavedSession } from "../../../common/openssl/saved_session.ts";
import type { TlsClientSettings, TlsServerSettings } from "../../../common/openssl/settings.ts";
import { testCertificates } from "../../../common/testing/certs.ts";
import { memoryNet } from "../../../common/testing/memory_net.ts";
import { KEY, pskOptions } from "../../../common/testing/psk.ts";
import {
  type ProtocolName,
  PROTOCOLS,
  resumptionBench,
} from "../../../common/testing/resumption.ts";
import { type Comes, meeting, NAMES, refused, type Way, type Ways } from "./meeting.ts";

const [OLD, NEW] = [1, 2].map((byte) => new Uint8Array(80).fill(byte)) as [Uint8Array, Uint8Array];

/** All of them. */
export async function resumptionWays(): Promise<Ways> {
  const [good, other] = await Promise.all([testCertificates(), testCertificates("wrongName")]);
  const ways: Ways = {};
  for (const name of NAMES) {
    const identities = [{ names: ["localhost"], ...good.server }, { ...other.server }];
    const instead = { cert: undefined, key: undefined, identities } as const;
    const all: Ways = {
      "a session resumed by its ticket": resumed(name, {}),
      "a session resumed from the cache": resumed(name, { sessionTickets: false }),
      "a session resumed by a ticket of the program's key": resumed(name, { ticketKeys: [OLD] }),
      "a session written and read again": resumed(name, {}, { rewrites: true }),
      "a ticket whose key is forgotten": forgotten(name),
      "a ticket of another server": foreign(name),
      "a full handshake after the cache is full": cacheIsFull(name),
      "a certificate for the name": meeting(name, { server: instead }),
      "a certificate for no name": meeting(
        name,
        { server: instead, serverName: "wrong.example" },
        "failed",
      ),
      "new certificates": setIdentities(name),
      "a pre-shared key": keyed(name, () => KEY),
      "a pre-shared key with a hint": keyed(name, () => KEY, { hint: "who" }),
      "a pre-shared key that is promised": keyed(name, () => Promise.resolve(KEY)),
      "a pre-shared key that is not promised after all": keyed(
        name,
        () => Promise.reject(new Error("no")),
        { as: "failed" },
      ),
      "a wrong pre-shared key": keyed(name, () => new Uint8Array(32), {
        as: name === "DTLS" ? "waiting" : "failed",
      }),
      "a pre-shared key for nobody": keyed(name, () => null, { as: "failed" }),
    };
    for (const [what, way] of Object.entries(all)) ways[`${name}: ${what}`] = way;
  }
  ways["a text that is no session"] = refused(() => SavedSession.parse("no session"));
  return ways;
}

/**
 * A session that is resumed.
 *
 * @param rewrites whether it is written and read again in between
 */
export function resumed(
  name: ProtocolName,
  server: TlsServerSettings,
  { client, rewrites = false }: { client?: TlsClientSettings; rewrites?: boolean } = {},
): Way {
  return async () => {
    using bench = await resumptionBench(name, server, client);
    using saved = bench.connect().saved!;
    using read = rewrites ? SavedSession.parse(saved.serialize()) : null;
    if (!bench.tell({ session: read ?? saved }).resumed) throw new RunError("it is not resumed");
  };
}

function forgotten(name: ProtocolName): Way {
  return async () => {
    using bench = await resumptionBench(name, { ticketKeys: [OLD] });
    using saved = bench.connect().saved!;
    bench.server.setTicketKeys([NEW]);
    if (bench.tell({ session: saved }).resumed) throw new RunError("it is resumed");
  };
}

function foreign(name: ProtocolName): Way {
  return async () => {
    using bench = await resumptionBench(name);
    using other = await resumptionBench(name);
    using saved = other.connect().saved!;
    if (bench.tell({ session: saved }).resumed) throw new RunError("it is resumed");
  };
}

function cacheIsFull(name: ProtocolName): Way {
  return async () => {
    using bench = await resumptionBench(name, { sessionTickets: false, sessionCacheSize: 1 });
    using old = bench.connect().saved!;
    bench.tell();
    if (bench.tell({ session: old }).resumed) throw new RunError("it is resumed");
  };
}

function setIdentities(name: ProtocolName): Way {
  return async () => {
    const { server } = await testCertificates();
    using bench = await resumptionBench(name);
    for (let times = 0; times < 2; times++) {
      bench.server.setIdentities([server]);
      if (!bench.tell().established) throw new RunError("it is not established");
    }
  };
}

type LookUp = NonNullable<TlsServerSettings["pskLookup"]>;

function keyed(
  name: ProtocolName,
  lookUp: LookUp,
  { as = "established", hint }: { as?: Comes; hint?: string } = {},
): Way {
  const { datagram, client, server } = pskOptions(name === "DTLS", lookUp, hint ? { hint } : {});
  const maxVersion = PROTOCOLS[name];
  return async () => {
    using net = await memoryNet({
      datagram: datagram!,
      client: { ...client, maxVersion } as typeof client,
      server: { ...server, maxVersion } as typeof server,
    });
    net.run();
    if (net.server.session?.waiting) {
      await net.server.session.waiting;
      net.server.advance();
      net.settle();
    }
    const failed = net.client.error !== null || net.server.error !== null;
    const is: Comes = failed
      ? "failed"
      : net.client.established && net.server.established
      ? "established"
      : "waiting";
    if (is !== as) throw new RunError(`it is ${is}: ${net.client.error} ${net.server.error}`);
  };
}
