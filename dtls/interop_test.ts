/** The library against OpenSSL's own client and server, both ends with certificates. */
import { CertificateError, OpenSslError } from "../common/openssl/errors.ts";
import { loadOpenSsl } from "../common/openssl/library.ts";
import { join } from "../common/std.ts";
import {
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertRejects,
} from "../common/testing/assert.ts";
import { testCertificates } from "../common/testing/certs.ts";
import { connectDtls } from "./connect.ts";
import { listenDtls } from "./listen.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

/** Longest wait for one step. */
const PATIENCE_MS = 5000;

const ignore = isOpensslMissing();

function isOpensslMissing(): boolean {
  try {
    new Deno.Command("openssl", { args: ["version"] }).outputSync();
    return false;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.error("not tested against OpenSSL's own client and server: no openssl command");
    return true;
  }
}

type Kind = Parameters<typeof testCertificates>[0];

/** `openssl s_client` or `s_server`, with certificates in a folder that is gone afterwards. */
class OpensslTool implements AsyncDisposable {
  readonly #dir: string;
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reading: Promise<unknown>;
  #output = "";
  #onOutput = () => {};

  private constructor(dir: string, child: Deno.ChildProcess) {
    this.#dir = dir;
    this.#child = child;
    this.#stdin = child.stdin.getWriter();
    this.#reading = Promise.all([this.#collect(child.stdout), this.#collect(child.stderr)]);
  }

  /** Starts it with the certificate of one kind and the authority of another. */
  static async start(
    role: "client" | "server",
    args: string[],
    { cert = "good", ca = "good" }: { cert?: Kind; ca?: Kind } = {},
  ): Promise<OpensslTool> {
    const [own, trusted] = await Promise.all([testCertificates(cert), testCertificates(ca)]);
    const dir = await Deno.makeTempDir({ prefix: "netpairs-interop-" });
    const files = { "cert.pem": own[role].cert, "key.pem": own[role].key, "ca.pem": trusted.ca };
    for (const [name, pem] of Object.entries(files)) await Deno.writeTextFile(join(dir, name), pem);
    const child = new Deno.Command("openssl", {
      args: [
        ...[`s_${role}`, "-dtls1_2", ...args],
        ...["-cert", join(dir, "cert.pem"), "-key", join(dir, "key.pem")],
        ...["-CAfile", join(dir, "ca.pem"), "-verify_return_error"],
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    return new OpensslTool(dir, child);
  }

  /** Waits until it has printed that, on stdout or stderr. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new Error(`no ${pattern} in: ${this.#output}`)),
      PATIENCE_MS,
    );
    try {
      for (let match;;) {
        if ((match = pattern.exec(this.#output))) return match;
        await Promise.race([
          new Promise<void>((resolve) => this.#onOutput = resolve),
          late.promise,
        ]);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Its exit code, when it ends by itself. */
  async code(): Promise<number> {
    return (await this.#child.status).code;
  }

  /** What a user would type. */
  async type(text: string): Promise<void> {
    await this.#stdin.write(new TextEncoder().encode(text));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch {
      // It has ended already.
    }
    await this.#stdin.close().catch(() => {});
    await Promise.all([this.#reading, this.#child.status]);
    await Deno.remove(this.#dir, { recursive: true });
  }

  async #collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of stream) {
      this.#output += decoder.decode(bytes, { stream: true });
      this.#onOutput();
    }
  }
}

/** `s_server` on a free port, which it prints. */
async function startServer(
  args: string[],
  kinds?: { cert?: Kind; ca?: Kind },
): Promise<{ tool: OpensslTool; port: number }> {
  const words = ["-accept", "127.0.0.1:0", "-Verify", "1", ...args];
  const tool = await OpensslTool.start("server", words, kinds);
  const [, port] = await tool.printed(/ACCEPT 127\.0\.0\.1:(\d+)/);
  return { tool, port: Number(port) };
}

/** A server with the good certificates, and `s_client` for it. */
async function startClient(kinds?: { cert?: Kind; ca?: Kind }) {
  const { ca, server } = await testCertificates();
  const listener = listenDtls({
    ...{ hostname: "127.0.0.1", port: 0, caCerts: [ca], clientCertificate: "require" },
    ...server,
  });
  const words = ["-connect", `127.0.0.1:${listener.addr.port}`, "-verify_ip", "127.0.0.1"];
  return { listener, tool: await OpensslTool.start("client", words, kinds) };
}

function text(message: Uint8Array | null): string {
  return new TextDecoder().decode(message ?? undefined);
}

const hello = new TextEncoder().encode("hello from the library\n");

Deno.test({
  name: "listenDtls() serves openssl s_client, both ends with certificates",
  ignore,
  async fn() {
    const { listener, tool } = await startClient();
    await using _listener = listener;
    await using _tool = tool;
    const conn = await listener.accept();
    await conn!.handshake();
    assertEquals(conn!.info.peerCertificate?.subject, "CN=netpairs client,O=netpairs");
    await tool.printed(/Verify return code: 0 \(ok\)/);
    await tool.type("hello from s_client\n");
    assertEquals(text(await conn!.receive(undefined, PATIENCE_MS)), "hello from s_client\n");
    await conn!.send(hello);
    await tool.printed(/hello from the library/);
    await conn!.close();
    assertEquals(await tool.code(), 0);
  },
});

Deno.test({
  name: "listenDtls() sees openssl s_client end the connection",
  ignore,
  async fn() {
    const { listener, tool } = await startClient();
    await using _listener = listener;
    await using _tool = tool;
    const conn = await listener.accept();
    await conn!.handshake();
    await tool.printed(/Verify return code: 0 \(ok\)/);
    // Its word for "end this connection": s_client(1).
    await tool.type("Q\n");
    assertEquals(await conn!.receive(undefined, PATIENCE_MS), null);
  },
});

Deno.test({
  name: "listenDtls() sees openssl s_client refuse an authority it does not know",
  ignore,
  async fn() {
    const { listener, tool } = await startClient({ ca: "stranger" });
    await using _listener = listener;
    await using _tool = tool;
    const conn = await listener.accept();
    await assertRejects(() => conn!.handshake(), OpenSslError, "the peer refused: unknown ca");
    await tool.printed(/certificate verify failed/);
    assertNotEquals(await tool.code(), 0);
  },
});

Deno.test({
  name: "listenDtls() refuses openssl s_client with a certificate of another authority",
  ignore,
  async fn() {
    const { listener, tool } = await startClient({ cert: "stranger" });
    await using _listener = listener;
    await using _tool = tool;
    const conn = await listener.accept();
    const error = await assertRejects(() => conn!.handshake(), CertificateError);
    assertMatch(error.message, /the peer's certificate is refused: unable to get local issuer/);
    await tool.printed(/alert unknown ca/);
    assertNotEquals(await tool.code(), 0);
  },
});

for (const cookie of [true, false]) {
  Deno.test({
    name: `connectDtls() reaches openssl s_server ${cookie ? "with" : "without"} a cookie`,
    ignore,
    async fn() {
      const { ca, client } = await testCertificates();
      const { tool, port } = await startServer(cookie ? ["-listen"] : []);
      await using _tool = tool;
      await using conn = await connectDtls({ port, caCerts: [ca], ...client });
      await conn.handshake();
      assertEquals(conn.info.peerCertificate?.subject, "CN=netpairs server,O=netpairs");
      assertEquals(conn.info.version, "DTLSv1.2");
      await tool.printed(/subject=.*netpairs client/);
      await conn.send(hello);
      await tool.printed(/hello from the library/);
      await tool.type("hello from s_server\n");
      assertEquals(text(await conn.receive(undefined, PATIENCE_MS)), "hello from s_server\n");
    },
  });
}

Deno.test({
  name: "connectDtls() refuses openssl s_server with a certificate of another authority",
  ignore,
  async fn() {
    const { ca, client } = await testCertificates();
    const { tool, port } = await startServer([], { cert: "stranger" });
    await using _tool = tool;
    await using conn = await connectDtls({ port, caCerts: [ca], ...client });
    await assertRejects(() => conn.handshake(), CertificateError, "unable to get local issuer");
    await tool.printed(/alert unknown ca/);
  },
});

Deno.test({
  name: "connectDtls() sees openssl s_server refuse an authority it does not know",
  ignore,
  async fn() {
    const { ca, client } = await testCertificates();
    const { tool, port } = await startServer([], { ca: "stranger" });
    await using _tool = tool;
    await using conn = await connectDtls({ port, caCerts: [ca], ...client });
    await assertRejects(() => conn.handshake(), OpenSslError, "the peer refused: unknown ca");
    await tool.printed(/certificate verify failed/);
  },
});
