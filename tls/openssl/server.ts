/**
 * The server on OpenSSL: the library beside this file, driven step by step.
 *
 * @module
 */
import type { Deadlines } from "../../common/base/deadline.ts";
import { loadOpenSsl } from "../../common/openssl/library.ts";
import {
  listenerTransport,
  pairListenSettings,
  SecureConnection,
} from "../../common/exchange/secure_pair.ts";
import type { PairOptions } from "../../common/model/pair_options.ts";
import type { Prepared } from "../../common/exchange/prepare.ts";
import type { ServerConnection, ServerTransport } from "../../common/exchange/server_transport.ts";
import type { TlsConn } from "../lib/conn.ts";
import { listenTls } from "../lib/listen.ts";

class TlsConnection extends SecureConnection<TlsConn> implements ServerConnection {
  readonly #options: PairOptions;

  constructor(conn: TlsConn, options: PairOptions) {
    super(conn);
    this.#options = options;
  }

  async receive(into: Uint8Array, idle: boolean): Promise<number> {
    const { idleTimeoutMs, timeoutMs } = this.#options;
    return await this.conn.read(into, idle ? idleTimeoutMs : timeoutMs) ?? 0;
  }

  async send(answer: Uint8Array): Promise<void> {
    await this.conn.write(answer);
  }
}

/** Loads certificates and listens. */
export async function prepareOpenSslServer(
  options: PairOptions,
  deadlines: Deadlines,
): Promise<Prepared<ServerTransport>> {
  const listener = listenTls(await pairListenSettings(options, deadlines));
  return {
    library: loadOpenSsl().versionText,
    transport: listenerTransport(listener, (conn) => new TlsConnection(conn, options)),
  };
}
