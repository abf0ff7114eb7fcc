/**
 * The client on OpenSSL: the library beside this file, driven step by step.
 *
 * @module
 */
import { loadCertificates } from "../../common/pem/certificate_files.ts";
import type { ClientConnection, ClientTransport } from "../../common/exchange/client.ts";
import { STEP_INDEX } from "../../common/measure/clock.ts";
import type { Deadlines } from "../../common/base/deadline.ts";
import { serverAddresses } from "../../common/deno/lookup.ts";
import {
  pairSettings,
  SecureConnection,
  SessionPool,
  shaken,
} from "../../common/exchange/secure_pair.ts";
import type { PairOptions } from "../../common/model/pair_options.ts";
import type { Prepared } from "../../common/exchange/prepare.ts";
import type { TlsConn } from "../lib/conn.ts";
import { openTls, tlsContext } from "../lib/connect.ts";

class TlsConnection extends SecureConnection<TlsConn> implements ClientConnection {
  readonly #timeoutMs: number;

  constructor(conn: TlsConn, sessions: SessionPool, timeoutMs: number) {
    super(conn, sessions);
    this.#timeoutMs = timeoutMs;
  }

  async send(message: Uint8Array): Promise<void> {
    await this.conn.write(message);
  }

  async receive(into: Uint8Array): Promise<number> {
    return await this.conn.read(into, this.#timeoutMs) ?? 0;
  }
}

/** Loads certificates and looks the name up, once for the run. */
export async function prepareOpenSslClient(
  options: PairOptions,
  deadlines: Deadlines,
): Promise<Prepared<ClientTransport>> {
  const { hostname, port, timeoutMs } = options;
  const addresses = await serverAddresses(hostname);
  const certificates = await loadCertificates(options, "client");
  const context = tlsContext({ ...certificates, ...pairSettings(options) });
  const sessions = new SessionPool(options.resume);
  const { signal } = deadlines;
  return {
    library: context.lib.versionText,
    transport: {
      async open(timer) {
        using session = sessions.take();
        const settings = { hostname, port, handshakeTimeoutMs: timeoutMs, signal, session };
        const connected = () => timer.mark(STEP_INDEX.connect);
        const conn = await shaken(await openTls(context, addresses, settings, connected));
        timer.mark(STEP_INDEX.handshake);
        return new TlsConnection(conn, sessions, timeoutMs);
      },
      close: () => context.close(),
    },
  };
}
