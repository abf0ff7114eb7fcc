/**
 * DTLS handshakes in memory that need neither certificates nor their modules: quickly begun.
 *
 * @module
 */
import { TlsContext } from "../../openssl/context.ts";
import { TlsSession } from "../../openssl/session.ts";

const psk = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };

/** Makes handshakes, one at a call. */
export class Handshakes implements Disposable {
  readonly #client = new TlsContext({ role: "client", datagram: true, psk });
  readonly #server: TlsContext;

  /** @param keyLog called from within the server's handshake */
  constructor(keyLog?: () => void) {
    const pskLookup = () => psk.key;
    this.#server = new TlsContext({ role: "server", datagram: true, pskLookup, keyLog });
  }

  /** Completes one, or throws. */
  makeOne(): void {
    using client = new TlsSession(this.#client);
    using server = new TlsSession(this.#server);
    const done = () => client.established && server.established;
    for (let turn = 0; !done(); turn++) {
      if (turn === 10) throw new Error("the handshake did not complete");
      step(client, server);
      step(server, client);
    }
  }

  [Symbol.dispose](): void {
    this.#client.close();
    this.#server.close();
  }
}

function step(from: TlsSession, to: TlsSession): void {
  from.handshake();
  from.drain((bytes) => {
    to.feed(bytes.slice());
    to.handshake();
  });
}
