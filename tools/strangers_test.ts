/** Forged and half-open handshakes against the pairs' DTLS servers, on every kind of I/O. */
import { TlsContext } from "../common/openssl/context.ts";
import { loadOpenSsl } from "../common/openssl/bindings/library.ts";
import { assert, assertEquals } from "../common/testing/assert.ts";
import { Stranger } from "../common/testing/dtls_strangers.ts";
import { bytesOf, messageText } from "../common/testing/stub_peers.ts";
import { lanesBesideSpin, Workplace } from "../common/testing/pairs.ts";
import { hostScripts } from "../common/testing/script_hosts.ts";

hostScripts();

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

for (const lane of lanesBesideSpin("dtls")) {
  Deno.test(`${lane.name} server keeps its session whatever hellos are forged from its address`, async () => {
    await using place = await Workplace.make();
    const { port } = await place.serve(lane, ["--sizes", "100", "--repeat", "9", "--forever"]);
    const read = (name: string) => Deno.readTextFileSync(place.path(`${name}.pem`));
    const { ca, cert, key } = {
      ca: read("ca"),
      cert: read("client-cert"),
      key: read("client-key"),
    };
    using context = new TlsContext({ role: "client", datagram: true, caCerts: [ca], cert, key });
    const addr: Deno.NetAddr = { transport: "udp", hostname: "127.0.0.1", port };
    using client = new Stranger(context, { addr });
    const hello = await client.begin();
    while (!client.session.established) {
      await client.hear();
      await client.send(...client.next());
    }
    const answered = async (no: number) => {
      await client.say(...bytesOf(messageText("dtls", no, 100)));
      const into = new Uint8Array(100);
      for (let length = 0; length <= 0;) {
        await client.hear();
        length = client.session.read(into);
      }
      assertEquals(new TextDecoder().decode(into.subarray(0, 4)), "ack\0");
    };
    await answered(0);
    for (let i = 0; i < 300; i++) {
      const changed = hello.slice();
      if (i > 0) changed[i < 100 ? 27 + i % 32 : i * 7 % hello.length]! ^= 1 + i % 255;
      await client.send(changed);
      if (i % 100 === 0) await answered(1 + i / 100);
    }
    // Half-open handshakes from elsewhere take no place from it, nor from a client that comes.
    using strangers = new DisposableStack();
    for (let i = 0; i < 150; i++) await strangers.use(new Stranger(context, { addr })).begin();
    await answered(4);
    using other = await new Stranger(context, { addr }).connect();
    assert(other.session.established);
  });
}
