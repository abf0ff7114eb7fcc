/**
 * Two ends of TLS or DTLS in memory, which share a key.
 *
 * @module
 */
import { TlsContext } from "../../common/openssl/context.ts";
import { TlsSession } from "../../common/openssl/session.ts";
import type { TlsSettings } from "../../common/openssl/settings.ts";

/** More than any handshake takes. */
const MAX_FLIGHTS = 10;

const PSK = { identity: "bench", key: new Uint8Array(32).fill(7) };

/** Contexts of a client and a server. */
export interface Contexts extends Disposable {
  readonly client: TlsContext;
  readonly server: TlsContext;
}

/** Two connected sessions. */
export interface Ends extends Disposable {
  readonly client: TlsSession;
  readonly server: TlsSession;
}

/** Makes contexts that both have the settings. */
export function contexts(datagram: boolean, settings: TlsSettings = {}): Contexts {
  using made = new DisposableStack();
  const client = made.use(new TlsContext({ ...settings, role: "client", datagram, psk: PSK }));
  const pskLookup = () => PSK.key;
  const server = made.use(new TlsContext({ ...settings, role: "server", datagram, pskLookup }));
  const owned = made.move();
  return { client, server, [Symbol.dispose]: () => owned.dispose() };
}

/** Two ends with the handshake behind them. */
export function connected(contexts: Contexts): Ends {
  using made = new DisposableStack();
  const client = made.use(new TlsSession(contexts.client));
  const server = made.use(new TlsSession(contexts.server));
  for (let flight = 0; !client.established || !server.established; flight++) {
    const [from, to] = flight % 2 === 0 ? [client, server] : [server, client];
    from.handshake();
    from.drain((bytes) => {
      to.feed(bytes as Uint8Array<ArrayBuffer>);
      to.handshake();
    });
    if (flight === MAX_FLIGHTS) throw new Error("the handshake did not complete");
  }
  const owned = made.move();
  return { client, server, [Symbol.dispose]: () => owned.dispose() };
}
