/** What the sockets of DTLS connections and listeners are set to. */
import { descriptorOf } from "../../common/posix/descriptors.ts";
import { loadLibc } from "../../common/posix/libc.ts";
import { IPPROTO_IP } from "../../common/posix/platform.ts";
import { readOption } from "../../common/posix/socket_options.ts";
import { loadOpenSsl } from "../../common/openssl/bindings/library.ts";
import { assertEquals, assertRejects, assertThrows } from "../../common/testing/assert.ts";
import { acceptFrom, connect, listen } from "../../common/testing/dtls.ts";
import { within } from "../../common/testing/within.ts";
import { connectDtls } from "./connect.ts";
import { listenDtls } from "./listen.ts";
import type { ConnectDtlsOptions, ListenDtlsOptions } from "./settings.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

const { IP_TTL, IP_TOS } = loadLibc().platform;

function ttlAndTos(local: Deno.NetAddr): unknown[] {
  const fd = descriptorOf(local)!;
  return [IP_TTL, IP_TOS].map((name) => readOption(loadLibc(), fd, IPPROTO_IP, name)![0]);
}

Deno.test("ttl and tos are set on a listener's socket and on a client's", async () => {
  await using listener = await listen({ ttl: 11, tos: 0xb8 });
  await using client = await connect(listener, {
    ttl: 12,
    tos: 0x20,
    localAddr: { hostname: "127.0.0.4" },
  });
  const server = await acceptFrom(listener, client);
  assertEquals(ttlAndTos(listener.addr), [11, 0xb8]);
  assertEquals(ttlAndTos(client.localAddr), [12, 0x20]);
  assertEquals(server.remoteAddr, client.localAddr);
});

Deno.test("connectDtls() says that the port of localAddr is taken", async () => {
  await using listener = await listen();
  const { hostname, port } = listener.addr;
  await assertRejects(
    () => within(connectDtls({ port, localAddr: { hostname, port } })),
    Deno.errors.AddrInUse,
    `the local address ${hostname}:${port} cannot be used: `,
  );
});

const why = "reusePort cannot be had on UDP: Deno.listenDatagram() has no setting for it";

Deno.test("connectDtls() and listenDtls() say why there is no reusePort", async () => {
  const options = { port: 9, reusePort: true } as ConnectDtlsOptions & ListenDtlsOptions;
  await assertRejects(() => connectDtls(options), TypeError, `Cannot connect: ${why}`);
  assertThrows(() => listenDtls(options), TypeError, `Cannot listen: ${why}`);
});
