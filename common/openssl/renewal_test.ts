/** Certificates are renewed while clients connect, 1,000 of them in all, and none of them is lost. */
import { assert, assertEquals } from "../testing/assert.ts";
import { testCertificates } from "../testing/certs.ts";
import { contextOptions } from "../testing/memory_net.ts";
import { TlsContext } from "./context.ts";
import type { ServerIdentity } from "./identity_settings.ts";
import { TlsSession } from "./session.ts";
import type { TlsContextOptions } from "./settings.ts";

/** So many connections, and so many of their handshakes at a time. */
const CONNECTIONS = 500;
const AT_A_TIME = 40;

/** So often a certificate is renewed meanwhile. */
const RENEWALS = 6;

const KINDS = ["good", "stranger", "elsewhere", "wrongName"] as const;

/** One client's connection, in memory. */
class Pair {
  readonly serverName: string;
  readonly #client: TlsSession;
  readonly #server: TlsSession;

  constructor(client: TlsContext, server: TlsContext, serverName: string) {
    this.serverName = serverName;
    this.#client = new TlsSession(client, { serverName, unsafelySkipNameCheck: true });
    this.#server = new TlsSession(server);
  }

  /** One flight further. */
  advance(): void {
    for (
      const [from, to] of [[this.#client, this.#server], [this.#server, this.#client]] as const
    ) {
      if (!from.established) from.handshake();
      from.drain((bytes) => to.feed(bytes.slice()));
      if (!to.established) to.handshake();
    }
  }

  get isDone(): boolean {
    return this.#client.established && this.#server.established;
  }

  /** The server's certificate, PEM. */
  end(): string {
    assertEquals(this.#server.info().serverName, this.serverName);
    const { pem } = this.#client.info().peerCertificate!;
    this.#client.close();
    this.#server.close();
    return pem;
  }
}

for (const datagram of [true, false]) {
  const protocol = datagram ? "DTLS" : "TLS";
  Deno.test(`${CONNECTIONS} connections to four names, one of them renewed meanwhile (${protocol})`, async () => {
    const [first, second, third, renewed] = await Promise.all(
      KINDS.map(async (kind) => (await testCertificates(kind)).server),
    );
    const shown = (own: { cert: string; key: string }): ServerIdentity[] => [
      { names: ["one.example"], ...own },
      { names: ["*.two.example"], ...second! },
      { ...third! },
    ];
    const options = {
      ...await contextOptions("server", datagram),
      ...{ cert: undefined, key: undefined, clientCertificate: "none" },
      identities: shown(first!),
    } as TlsContextOptions;
    using server = new TlsContext(options);
    using client = new TlsContext({ role: "client", datagram, unsafelySkipVerification: true });
    const names = ["one.example", "my.two.example", "three.example", "unknown.example"];
    const found = new Map<string, number>();
    const running: Pair[] = [];
    for (let begun = 0, done = 0; done < CONNECTIONS;) {
      while (running.length < AT_A_TIME && begun < CONNECTIONS) {
        running.push(new Pair(client, server, names[begun++ % names.length]!));
      }
      for (const pair of running) pair.advance();
      for (const pair of running.filter(({ isDone }) => isDone)) {
        running.splice(running.indexOf(pair), 1);
        const key = `${pair.serverName} ${pair.end()}`;
        found.set(key, (found.get(key) ?? 0) + 1);
        const renewal = Math.floor(++done * RENEWALS / CONNECTIONS);
        if (renewal > Math.floor((done - 1) * RENEWALS / CONNECTIONS)) {
          server.setIdentities(shown(renewal % 2 === 1 ? renewed! : first!));
        }
      }
    }
    const of = (name: string, { cert }: { cert: string }) => found.get(`${name} ${cert}`) ?? 0;
    const quarter = CONNECTIONS / 4;
    assert(of("one.example", first!) > 0 && of("one.example", renewed!) > 0);
    assertEquals(of("one.example", first!) + of("one.example", renewed!), quarter);
    assertEquals(of("my.two.example", second!), quarter);
    assertEquals(of("three.example", third!), quarter);
    assertEquals(of("unknown.example", third!), quarter);
  });
}
