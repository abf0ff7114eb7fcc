/**
 * DTLS server: one UDP socket, many clients, each authenticated by its certificate; answers every
 * message with `ack`.
 *
 *     deno run --unstable-net --allow-net --allow-read --allow-ffi dtls/server.ts --help
 *
 * @module
 */
import type { Deadlines } from "../common/base/deadline.ts";
import { loadOpenSsl } from "../common/openssl/library.ts";
import {
  listenerTransport,
  pairListenSettings,
  SecureConnection,
} from "../common/exchange/secure_pair.ts";
import type { PairOptions } from "../common/model/pair_options.ts";
import { serverMain } from "../common/cli/script.ts";
import type { Prepare, Prepared } from "../common/exchange/prepare.ts";
import type { ServerConnection, ServerTransport } from "../common/exchange/server_transport.ts";
import type { DtlsConn } from "./lib/conn.ts";
import { listenDtls } from "./lib/listen.ts";
import { preparePosixServer } from "./blocking.ts";

class DtlsConnection extends SecureConnection<DtlsConn> implements ServerConnection {
  readonly #options: PairOptions;

  constructor(conn: DtlsConn, options: PairOptions) {
    super(conn);
    this.#options = options;
  }

  async receive(into: Uint8Array, idle: boolean): Promise<number> {
    const { idleTimeoutMs, timeoutMs } = this.#options;
    const message = await this.conn.receive(into, idle ? idleTimeoutMs : timeoutMs);
    return message?.length ?? 0;
  }

  send(answer: Uint8Array): Promise<void> {
    return this.conn.send(answer);
  }
}

async function prepare(
  options: PairOptions,
  deadlines: Deadlines,
): Promise<Prepared<ServerTransport>> {
  const listener = listenDtls(await pairListenSettings(options, deadlines));
  return {
    library: loadOpenSsl().versionText,
    transport: listenerTransport(listener, (conn) => new DtlsConnection(conn, options)),
  };
}

const prepareLane: Prepare<ServerTransport> = (options, deadlines) =>
  (options.io === "async" ? prepare : preparePosixServer)(options, deadlines);

if (import.meta.main) Deno.exit(await serverMain("dtls", prepareLane));
