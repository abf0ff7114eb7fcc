/**
 * Connections in memory, one after the other, whose sessions can be saved and resumed.
 *
 * @module
 */
import { TlsContext } from "../openssl/context.ts";
import type { TlsContextOptions } from "../openssl/settings.ts";
import type { SavedSession } from "../openssl/saved_session.ts";
import { TlsSession } from "../openssl/session.ts";
import type { TlsClientSettings, TlsServerSettings } from "../openssl/settings.ts";
import { assert } from "./assert.ts";
import { contextOptions } from "./memory_net.ts";

/** The protocols by the newest version that is allowed. */
export const PROTOCOLS = { DTLS: "DTLSv1.2", "TLS 1.2": "TLSv1.2", "TLS 1.3": "TLSv1.3" } as const;

/** One of {@linkcode PROTOCOLS}. */
export type ProtocolName = keyof typeof PROTOCOLS;

/** What a connection asks for. */
export interface Asking {
  session?: SavedSession;
  /** Default "localhost"; null for none. */
  serverName?: string | null;
  unsafelySkipNameCheck?: boolean;
  /** Another context than the usual one; closed afterwards. */
  context?: TlsContext;
}

/** What came of a connection. */
export interface Outcome {
  /** False where the handshake failed. */
  established: boolean;
  resumed: boolean;
  /** What the client, or else the server, has thrown. */
  error: unknown;
  /** Subject of the client's certificate, as the server sees it. */
  peer: string | undefined;
  identities: (string | null)[];
  /** The server's certificate, as the client sees it, PEM. */
  shown: string | undefined;
  /** The name that was asked for, as each end says it. */
  serverNames: (string | null)[];
  identityBytes: (Uint8Array | null)[];
  /** Whether the client has put out anything that the server read. */
  heard: boolean;
  saved: SavedSession | null;
}

/** A server and a client whose sessions share their contexts. */
export class ResumptionBench implements Disposable {
  readonly #client: TlsContextOptions;
  readonly #usual: TlsContext;
  /** What the server's sessions share. */
  readonly server: TlsContext;

  constructor(client: TlsContextOptions, server: TlsContextOptions) {
    this.#client = client;
    this.#usual = new TlsContext(client);
    this.server = new TlsContext(server);
  }

  /** A client's context with other settings. */
  client(settings: TlsClientSettings): TlsContext {
    return new TlsContext({ ...this.#client, ...settings } as TlsContextOptions);
  }

  /** Takes the server its session id context, which no setting does. */
  forgetSessionIdContext(): void {
    const { lib, pointer } = this.server;
    assert(lib.SSL_CTX_set_session_id_context(pointer, new Uint8Array(), 0) === 1);
  }

  /** Connects, exchanges a message each way, and says what came of it. */
  connect(asking: Asking = {}): Outcome {
    const { serverName = "localhost", context = this.#usual, session, unsafelySkipNameCheck } =
      asking;
    using client = new TlsSession(context, {
      serverName: serverName ?? undefined,
      unsafelySkipNameCheck,
      session,
    });
    using server = new TlsSession(this.server);
    const errors: unknown[] = [];
    let heard = 0;
    const step = (end: TlsSession) => {
      try {
        if (end.handshake() && end.read(new Uint8Array(100)) > 0 && end === server) heard++;
      } catch (error) {
        errors.push(error);
        end.fail();
      }
    };
    const pump = () => {
      for (let moved = true; moved;) {
        moved = false;
        for (const [from, to] of [[client, server], [server, client]] as const) {
          from.drain((bytes) => {
            moved = true;
            if (errors.length > 0) return;
            to.feed(bytes.slice());
            step(to);
          });
        }
      }
    };
    step(client);
    pump();
    const established = errors.length === 0 && client.established && server.established;
    for (const end of established ? [client, server] : []) {
      end.write(new Uint8Array(1));
      pump();
    }
    const { resumed } = client;
    const infos = established ? [client.info(), server.info()] : [];
    const saved = established ? client.save() : null;
    // A session that ends without a word is not to be resumed (RFC 5246 7.2.1).
    for (const end of [client, server]) end.shutdown();
    if (asking.context) context.close();
    return {
      established,
      resumed,
      error: errors[0],
      peer: infos[1]?.peerCertificate?.subject,
      shown: infos[0]?.peerCertificate?.pem,
      serverNames: infos.map(({ serverName }) => serverName),
      identities: infos.map(({ pskIdentity }) => pskIdentity),
      identityBytes: infos.map(({ pskIdentityBytes }) => pskIdentityBytes),
      heard: heard > 0,
      saved,
    };
  }

  /** As {@linkcode connect}, and closes what it saved. */
  tell(asking: Asking = {}): Omit<Outcome, "saved"> {
    const { saved, ...outcome } = this.connect(asking);
    saved?.close();
    return outcome;
  }

  [Symbol.dispose](): void {
    this.#usual.close();
    this.server.close();
  }
}

/** A bench whose ends authenticate each other with certificates. */
export async function resumptionBench(
  name: ProtocolName,
  server: TlsServerSettings = {},
  client: TlsClientSettings = {},
): Promise<ResumptionBench> {
  const datagram = name === "DTLS";
  const maxVersion = PROTOCOLS[name];
  return new ResumptionBench(
    { ...await contextOptions("client", datagram), maxVersion, ...client } as TlsContextOptions,
    { ...await contextOptions("server", datagram), maxVersion, ...server } as TlsContextOptions,
  );
}
