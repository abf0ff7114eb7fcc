/** The examples that speak a protocol, against programs of other people that speak it, too. */
import { assertEquals, assertMatch } from "../common/testing/assert.ts";
import { testCertificates } from "../common/testing/certs.ts";
import { folderWith } from "../common/testing/folder.ts";
import { freePort } from "../common/testing/free_port.ts";
import { findProgram, ORIGINS, type Program } from "../common/testing/programs.ts";
import { RunningProgram } from "../common/testing/running_program.ts";
import { within } from "../common/testing/within.ts";
import { connectDtls, listenDtls } from "../dtls/mod.ts";
import { connectTls } from "../tls/mod.ts";
import { ccm8Ciphers, get, serve } from "./coap.ts";
import { connectBridge, frame } from "./hue.ts";
import { forward } from "./syslog_forwarder.ts";

const psk = { identity: "client-1", key: new TextEncoder().encode("0123456789abcdef") };
const KEY = ["-k", new TextDecoder().decode(psk.key)];

/** A test that needs a program. */
function testWith(program: Program, name: string, fn: () => Promise<void>): void {
  const missing = findProgram(program) === null;
  const hint = missing ? ` (not tested: ${ORIGINS[program]})` : "";
  Deno.test({ name: `${name} ${program}${hint}`, ignore: missing, fn });
}

for (const client of ["coap-client-openssl", "coap-client-gnutls"] as const) {
  testWith(client, "examples/coap.ts answers", async () => {
    await using listener = listenDtls({
      ...{ hostname: "127.0.0.1", port: 0, ccm8Ciphers, pskLookup: () => psk.key },
    });
    const uri = `coaps://127.0.0.1:${listener.addr.port}/temperature`;
    await using program = RunningProgram.start(client, [...KEY, "-u", psk.identity, uri]);
    const conn = await within(listener.accept());
    await serve(conn!, { temperature: "21.5" });
    assertMatch(conn!.info.cipher, /PSK/);
    assertEquals(await program.code(), 0);
    assertMatch(program.output, /^21\.5$/m);
  });
}

for (const server of ["coap-server-openssl", "coap-server-gnutls"] as const) {
  testWith(server, "examples/coap.ts reads from", async () => {
    const port = freePort("udp");
    await using program = RunningProgram.start(server, [
      ...["-v", "7", "-A", "127.0.0.1", "-p", `${port - 1}`, ...KEY],
    ]);
    await program.printed(/created DTLS endpoint/);
    await using conn = await connectDtls({ port, psk, ccm8Ciphers });
    assertMatch(await get(conn, "time", 1) ?? "", /^\w{3} \d\d \d\d:\d\d:\d\d$/);
    assertEquals(await get(conn, "nothing", 2), null);
  });
}

testWith("openssl", "examples/hue.ts streams to s_server of", async () => {
  const clientKey = psk.key.toHex();
  await using bridge = RunningProgram.start("openssl", [
    ...["s_server", "-dtls1_2", "-accept", "127.0.0.1:0", "-nocert", "-cipher"],
    ...["PSK-AES128-GCM-SHA256", "-psk", clientKey, "-psk_identity", "application-1"],
  ]);
  const [, port] = await bridge.printed(/ACCEPT 127\.0\.0\.1:(\d+)/);
  const account = { username: "application-1", clientKey };
  await using conn = await connectBridge({ hostname: "127.0.0.1", port: Number(port), ...account });
  const area = "00000000-1111-2222-3333-444444444444";
  await conn.send(frame(area, [[0x4141, 0x4242, 0x4343], [0x5858, 0x5959, 0x5a5a]]));
  await bridge.printed(/CIPHER is PSK-AES128-GCM-SHA256/);
  const [sent] = await bridge.printed(/HueStream.*ZZ/s);
  assertEquals(sent, `HueStream\x02\0\0\0\0\0\0${area}\0AABBCC\x01XXYYZZ`);
});

/** rsyslogd as a collector of RFC 5425 that wants certificates, and prints what it is told. */
async function startCollector(dir: string, port: number): Promise<RunningProgram> {
  const config = `
    global(workDirectory="${dir}" defaultNetstreamDriver="ossl"
      defaultNetstreamDriverCAFile="${dir}/ca.pem"
      defaultNetstreamDriverCertFile="${dir}/cert.pem"
      defaultNetstreamDriverKeyFile="${dir}/key.pem")
    module(load="imtcp" streamDriver.name="ossl" streamDriver.mode="1"
      streamDriver.authMode="x509/certvalid")
    input(type="imtcp" address="127.0.0.1" port="${port}")
    action(type="omfile" file="/dev/stdout")`;
  await Deno.writeTextFile(`${dir}/rsyslog.conf`, config);
  const args = ["-n", "-f", `${dir}/rsyslog.conf`, "-i", `${dir}/pid`];
  return RunningProgram.start(findProgram("rsyslogd")!, args);
}

testWith(
  "rsyslogd",
  "examples/syslog_forwarder.ts forwards, also after a restart, to",
  async () => {
    const { ca, server, client } = await testCertificates();
    await using folder = await folderWith({
      ...{ "ca.pem": ca, "cert.pem": server.cert, "key.pem": server.key },
    });
    const port = freePort("tcp");
    const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    const forwarding = forward(socket, () => connectTls({ port, caCerts: [ca], ...client }), 50);
    for (const time of ["first", "second"]) {
      await using collector = await startCollector(folder.dir, port);
      const message = new TextEncoder().encode(`<14>1 - host app - - - the ${time} time`);
      // Some are lost while nobody knows yet that the collector has gone away.
      const sending = setInterval(() => socket.send(message, socket.addr), 50);
      try {
        await collector.printed(new RegExp(`host app the ${time} time`));
      } finally {
        clearInterval(sending);
      }
    }
    socket.close();
    await forwarding;
  },
);
