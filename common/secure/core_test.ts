/** Everything the I/O-free core exports, with wrong arguments, and what is said of its use. */
import { liveSessions } from "../openssl/session.ts";
import { loadOpenSsl } from "../openssl/bindings/library.ts";
import { CertificateError } from "../openssl/bindings/errors.ts";
import { SESSION } from "../openssl/session_settings.ts";
import { callback, text } from "../settings/kinds.ts";
import { assert, assertEquals, assertThrows } from "../testing/assert.ts";
import {
  bytes,
  HARMLESS,
  INNER,
  type Methods,
  RECEIVING,
  SECURE_CONN,
  SHARED,
  type Target,
  testArguments,
  testExports,
  testStray,
} from "../testing/exports_suite.ts";
import { connectedNet, contextOptions, memoryNet } from "../testing/memory_net.ts";
import { testSettings } from "../testing/settings_suite.ts";
import * as core from "./core.ts";
import { LISTENER_CORE } from "./listener_settings.ts";

const { DtlsListenerCore, NOT_YET, TlsContext, TlsSession } = core;

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

const emit = { name: "emit", ...callback(), args: (value: unknown) => [value] };

const SESSION_METHODS: Methods = {
  feed: [bytes("bytes", 0, Infinity)],
  handshake: HARMLESS,
  listen: INNER,
  read: [{ ...RECEIVING[0]!, wrongKinds: [undefined, ...RECEIVING[0]!.wrongKinds] }],
  write: [bytes("bytes", 0, Infinity)],
  drain: [emit],
  timeoutMs: HARMLESS,
  handleTimeout: HARMLESS,
  timeoutError: HARMLESS,
  info: HARMLESS,
  save: HARMLESS,
  exportKeyingMaterial: SECURE_CONN.exportKeyingMaterial!,
  shutdown: HARMLESS,
  fail: HARMLESS,
  close: HARMLESS,
  [Symbol.dispose]: HARMLESS,
};

const CORE_METHODS: Methods = {
  conns: HARMLESS,
  receive: [
    {
      ...bytes("datagram", 0, Infinity),
      args: (value) => [value, "client-1", { hostname: "client-1" }],
    },
    {
      ...{ name: "key", wrongKinds: text().wrongKinds, wrongValues: [] },
      args: (value) => [new Uint8Array(1), value, { hostname: "client-1" }],
    },
    {
      ...{ name: "from", wrongKinds: [null, undefined, 1, "text", {}, { hostname: 1 }] },
      wrongValues: [],
      args: (value) => [new Uint8Array(1), "client-1", value],
    },
  ],
  take: HARMLESS,
  stopAccepting: HARMLESS,
  end: HARMLESS,
  fail: HARMLESS,
  close: HARMLESS,
  [Symbol.dispose]: HARMLESS,
};

const { SecureConn: _, AddressError: __, UnreadAnswersError: ___, ...shared } = SHARED;

testExports("common/secure/core.ts", core, ["ENDED", "NOT_YET"], {
  ...shared,
  TlsSession: SESSION_METHODS,
  DtlsListenerCore: CORE_METHODS,
});

/** A client's session, connected or not, and its network. */
function ofNet(make: typeof memoryNet, datagram: boolean): () => Promise<Target> {
  return async () => {
    const net = await make({ datagram });
    return {
      it: net.client.session!,
      use() {
        if (!net.client.established) net.run();
        const before = net.server.inbox.length;
        net.client.send(Uint8Array.of(1, 2, 3));
        net.settle();
        assertEquals(net.server.inbox.length, before + 1);
        return Promise.resolve();
      },
      [Symbol.asyncDispose]: () => Promise.resolve(net[Symbol.dispose]()),
    };
  };
}

for (const datagram of [true, false]) {
  const name = `TlsSession (${datagram ? "DTLS" : "TLS"})`;
  const connected = ofNet(connectedNet, datagram);
  const before = ofNet(memoryNet, datagram);
  const { exportKeyingMaterial, ...early } = SESSION_METHODS;
  testArguments(name, early, { "once connected": connected, "before its handshake": before });
  testArguments(name, { exportKeyingMaterial: exportKeyingMaterial! }, {
    "once connected": connected,
  });
  testStray(name, SESSION_METHODS, connected);
}

const SHELL: core.DtlsListenerShell<core.ListenedConn, { hostname: string }> = {
  answer() {},
  open: (session) => ({ session, fail: () => session.close() }),
  drive() {},
  wake() {},
};

const pskLookup = () => null;

async function aCore(): Promise<Target> {
  const context = new TlsContext({ role: "server", datagram: true, pskLookup });
  const it = await Promise.resolve(new DtlsListenerCore(context, SHELL));
  const from = { hostname: "client-1" };
  return {
    it,
    use: () =>
      Promise.resolve(assertEquals(it.receive(new Uint8Array(1), "client-1", from), false)),
    [Symbol.asyncDispose]: () => Promise.resolve(it.close()),
  };
}

testArguments("DtlsListenerCore", CORE_METHODS, { "that is open": aCore });
testStray("DtlsListenerCore", CORE_METHODS, aCore);

const saved = await (async () => {
  using net = await connectedNet();
  return net.client.session!.save()!;
})();

for (const [role, tables] of Object.entries(SESSION)) {
  for (const [transport, table] of Object.entries(tables)) {
    const options = await contextOptions(role as "client" | "server", transport === "dtls");
    const context = new TlsContext(options);
    const subject = {
      name: `TlsSession() of a ${role}'s context (${transport})`,
      table,
      base: role === "client" ? { serverName: "localhost" } : {},
      call: (settings: core.TlsSessionOptions) => new TlsSession(context, settings).close(),
      isOptional: true,
      isSimple: true,
      more: { session: [saved], serverName: ["localhost", "localhost.", "::1"] },
    } as const;
    testSettings(subject);
  }
}

testSettings({
  name: "DtlsListenerCore()",
  table: LISTENER_CORE,
  base: {},
  call(options) {
    using context = new TlsContext({ role: "server", datagram: true, pskLookup });
    new DtlsListenerCore(context, SHELL, options).close();
  },
  isOptional: true,
  isSimple: true,
  more: { nowMs: [() => 0] },
});

Deno.test("TlsSession() and DtlsListenerCore() refuse what is no context, and what is closed", () => {
  const closed = new TlsContext({ role: "server", datagram: true, pskLookup });
  closed.close();
  for (const wrong of [null, undefined, {}, "text", closed] as core.TlsContext[]) {
    const why = wrong === closed ? "context is closed" : "context must be a TlsContext";
    assertThrows(() => new TlsSession(wrong), TypeError, `Cannot make a session: ${why}`);
    assertThrows(
      () => new DtlsListenerCore(wrong, SHELL),
      TypeError,
      `Cannot make a DTLS listener: ${why}`,
    );
  }
});

Deno.test("DtlsListenerCore() refuses other contexts and shells, and leaves the context open", () => {
  using context = new TlsContext({ role: "server", datagram: true, pskLookup });
  using client = new TlsContext({ role: "client", datagram: true });
  using tls = new TlsContext({ role: "server", datagram: false, pskLookup });
  const refuse = (one: core.TlsContext, shell: unknown, why: string) =>
    assertThrows(() => new DtlsListenerCore(one, shell as typeof SHELL), TypeError, why);
  refuse(client, SHELL, "context is a client's");
  refuse(tls, SHELL, "context is for TLS, not DTLS");
  refuse(context, null, "shell must be an object with answer, open, drive, wake, not null");
  for (const name of Object.keys(SHELL)) {
    refuse(context, { ...SHELL, [name]: 1 }, `shell.${name} must be a function, not 1`);
  }
  assertEquals([context.closed, client.closed, tls.closed], [false, false, false]);
});

Deno.test("TlsSession() of a client that checks certificates wants a name", async () => {
  using context = new TlsContext(await contextOptions("client"));
  assertThrows(() => new TlsSession(context), TypeError, "serverName is missing");
  new TlsSession(context, { unsafelySkipNameCheck: true }).close();
  const psk = { identity: "sensor-7", key: new Uint8Array(16) };
  using keys = new TlsContext({ role: "client", datagram: true, psk });
  new TlsSession(keys).close();
});

Deno.test("a session is not written to or read from before its handshake", async () => {
  using net = await memoryNet();
  const session = net.client.session!;
  assertEquals(session.read(new Uint8Array(9)), NOT_YET);
  session.feed(new Uint8Array(9));
  for (const call of [() => session.write(Uint8Array.of(1)), () => session.info()]) {
    assertThrows(call, TypeError, "no handshake yet");
  }
  net.run();
  assert(net.client.established && net.server.established);
});

Deno.test("read() gives a message in pieces where it does not fit, and nothing into nothing", async () => {
  using net = await connectedNet();
  const { session } = net.server;
  net.client.session!.write(Uint8Array.of(1, 2, 3, 4, 5));
  net.client.session!.drain((datagram) => session!.feed(datagram.slice()));
  const into = new Uint8Array(3);
  assertEquals([session!.read(new Uint8Array(0)), session!.read(into), into[2]], [0, 3, 3]);
  assertEquals([session!.read(into), into[1], session!.read(into)], [2, 5, NOT_YET]);
});

Deno.test("a session that has failed is drained of its alert, closed, and used no more", async () => {
  using net = await memoryNet({ serverName: "other.example" });
  net.run();
  const session = net.client.session!;
  assert(net.client.error instanceof CertificateError);
  assert(session.lastWords !== null);
  assertThrows(() => session.handshake(), TypeError, "it has failed");
  session.close();
  session.close();
  session.feed(new Uint8Array(5));
  session.drain(() => assert(false, "it was drained before"));
  assertThrows(() => session.handshake(), TypeError, "it is closed");
  assertEquals([session.timeoutMs(), session.shutdown()], [null, true]);
});

/** Brings a hello with a good cookie to a core whose shell makes of the session what is said. */
async function openedBy(open: (typeof SHELL)["open"]): Promise<unknown> {
  using context = new TlsContext(await contextOptions("client"));
  using client = new TlsSession(context, { serverName: "localhost" });
  const server = new TlsContext(await contextOptions("server"));
  using it = new DtlsListenerCore(server, {
    ...SHELL,
    open,
    answer: (datagram) => client.feed(datagram),
  });
  for (let hellos = 0; hellos < 2; hellos++) {
    client.handshake();
    const sent: Uint8Array[] = [];
    client.drain((datagram) => sent.push(datagram.slice()));
    try {
      for (const hello of sent) it.receive(hello, "client-1", { hostname: "client-1" });
    } catch (error) {
      assertEquals([it.size, it.counters.sessions, it.take()], [0, 0, null]);
      return error;
    }
  }
  return null;
}

Deno.test("a shell's open() that fails leaves nothing in the listener", async () => {
  const before = liveSessions();
  const own = new Error("own");
  const thrown = await openedBy(() => {
    throw own;
  });
  assertEquals(thrown, own);
  for (const wrong of [null, {}, { fail() {} }] as unknown as core.ListenedConn[]) {
    const error = await openedBy(() => wrong);
    assertEquals(
      (error as Error).message,
      "shell.open() must return an object with the session and with fail()",
    );
  }
  assertEquals(liveSessions(), before);
});
