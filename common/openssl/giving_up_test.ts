/** What a callback does to the session within whose call it runs. */
import { assertEquals, assertInstanceOf, assertThrows } from "../testing/assert.ts";
import { connectedNet, contextOptions, memoryNet } from "../testing/memory_net.ts";
import { KEY, pskOptions } from "../testing/psk.ts";
import { saidIn } from "../testing/stderr.ts";
import { CallbackError } from "./bindings/calls.ts";
import { loadOpenSsl } from "./bindings/library.ts";
import { MemoryBio } from "./bindings/memory_bio.ts";
import { TlsContext } from "./context.ts";
import type { TlsContextOptions } from "./settings.ts";
import { TlsSession } from "./session.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
const lib = loadOpenSsl();

/** What other code of the program's leaves behind, such as another binding to OpenSSL. */
function leaveError(): void {
  using bio = new MemoryBio(lib, "no certificate");
  lib.PEM_read_bio_X509(bio.pointer, null, null, new Uint8Array(1));
}

Deno.test("a callback may leave an error in OpenSSL's queue", async () => {
  using net = await connectedNet(pskOptions(false, () => {
    leaveError();
    return KEY;
  }));
  assertEquals([net.client.error, net.server.error], [null, null]);
});

for (const datagram of [true, false]) {
  const protocol = datagram ? "DTLS" : "TLS";

  for (const end of ["client", "server"] as const) {
    const other = end === "client" ? "server" : "client";
    Deno.test(`keyLog that throws at the ${end} lets the ${other} complete nothing (${protocol})`, async () => {
      const keyLog = () => {
        throw new Error("own");
      };
      using net = await memoryNet({ datagram, [end]: { keyLog } });
      net.run();
      assertInstanceOf(net[end].error, CallbackError);
      assertEquals([net[other].established, net[other].error], [false, null]);
    });
  }

  for (const way of ["close", "fail"] as const) {
    Deno.test(`a callback that calls ${way}() and throws is told of on stderr, once (${protocol})`, async () => {
      using net = await memoryNet(pskOptions(datagram, () => {
        net.server.session![way]();
        throw new Error("own");
      }));
      const said = await saidIn(() => net.run());
      assertEquals(said, ["netpairs: pskLookup failed: own"]);
      assertEquals([net.server.established, net.client.established], [false, false]);
    });
  }

  Deno.test(`a session that a callback has closed is closed at once (${protocol})`, async () => {
    const thrown: unknown[] = [];
    using net = await memoryNet(pskOptions(datagram, () => {
      const session = net.server.session!;
      session.close();
      for (const call of [() => session.save(), () => session.info()]) {
        thrown.push(assertThrows(call, TypeError, "it is closed"));
      }
      return KEY;
    }));
    net.run();
    assertEquals(thrown.length, 2);
    assertInstanceOf(net.server.error, Deno.errors.BadResource);
  });
}

for (const [end, name] of [["client", "psk"], ["server", "retransmitAfterMs"]] as const) {
  Deno.test(`${name} that is async is refused, and its rejection is no news`, async () => {
    const rejects = () => Promise.reject(new Error("later"));
    const psk = pskOptions(true, () => KEY);
    using net = await memoryNet({ ...psk, [end]: { ...psk[end], [name]: rejects } });
    const said = await saidIn(async () => {
      net.run();
      await new Promise((resolve) => setTimeout(resolve));
    });
    assertInstanceOf(net[end].error, CallbackError);
    assertEquals(said, []);
  });
}

/** Lets two sessions talk until both have said all; what goes wrong is left unsaid. */
function shake(...ends: [client: TlsSession, server: TlsSession]): void {
  for (let i = 0; i < 10; i++) {
    const [own, other] = i % 2 === 0 ? ends : ends.toReversed();
    try {
      own!.handshake();
    } catch {
      // It shows in what is established.
    }
    own!.drain((bytes) => other!.feed(bytes.slice()));
  }
}

for (const way of ["close", "fail"] as const) {
  Deno.test(`pskLookup that is asked again lets nobody resume where it calls ${way}()`, async () => {
    let doNow = () => {};
    const pskLookup = () => {
      doNow();
      return KEY;
    };
    const { client, server } = pskOptions(false, pskLookup);
    using clients = new TlsContext({
      ...await contextOptions("client", false),
      ...client,
    } as TlsContextOptions);
    using servers = new TlsContext({
      ...await contextOptions("server", false),
      ...server,
      maxVersion: "TLSv1.2",
    } as TlsContextOptions);
    using firstClient = new TlsSession(clients);
    using firstServer = new TlsSession(servers);
    shake(firstClient, firstServer);
    using session = firstClient.save()!;
    using secondClient = new TlsSession(clients, { session });
    using secondServer = new TlsSession(servers);
    let asked = 0;
    doNow = () => {
      asked++;
      secondServer[way]();
    };
    shake(secondClient, secondServer);
    assertEquals([firstServer.established, secondServer.established, asked], [true, false, 1]);
  });
}
