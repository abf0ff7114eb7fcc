import { OpenSslError } from "../openssl/bindings/errors.ts";
import { assert, assertEquals, assertMatch } from "../testing/assert.ts";
import { type ProtocolName, PROTOCOLS, resumptionBench } from "../testing/resumption.ts";
import { fakeClientRun, FakeClientTransport } from "../testing/fake_client.ts";
import { Client } from "./client.ts";
import { SessionPool } from "./session_pool.ts";

for (const name of Object.keys(PROTOCOLS) as ProtocolName[]) {
  Deno.test(`SessionPool.refuses() knows a server without a session id context: ${name}`, async () => {
    using bench = await resumptionBench(name, { clientCertificate: "require" });
    bench.forgetSessionIdContext();
    const pool = new SessionPool(true);
    for (const { saved } of [bench.connect(), bench.connect()]) {
      pool.keep({ saveSession: () => saved });
    }
    using session = pool.take();
    assert(session, "the first connection brings one");
    const refused = bench.tell({ session });
    assertMatch(String(refused.error), /session id context uninitialized/);
    assert(!pool.refuses({}, refused.error), "this one has offered none");
    // What fails first here is the server; a client hears of it by an alert.
    const connection = pool.offered({}, session);
    assert(!pool.refuses({}, refused.error), "this one has offered none");
    const alert = new OpenSslError("x", { ...init, reason: "tlsv1 alert internal error" });
    assert(!pool.refuses(connection, new OpenSslError("x", init)));
    assert(pool.refuses(connection, alert));
    assertEquals(pool.take(), undefined);
    const third = bench.connect();
    pool.keep({ saveSession: () => third.saved });
    assertEquals(pool.take(), undefined, "no session is kept any more");
    third.saved?.close();
  });
}

const init = { code: 0, library: "", reason: "alert bad record", queue: [], verifyResult: 0 };

Deno.test("Client begins a handshake anew where its session cannot be resumed, and says so", async () => {
  using run = fakeClientRun("tls", "--sizes=100", "--repeat=3");
  const transport = new FakeClientTransport();
  const [resumes, refusal] = [new Set<object>(), new Error("internal error")];
  const handshake = (connection: object) => {
    if (transport.calls.filter((call) => call === "connect").length !== 2) return;
    resumes.add(connection);
    throw refusal;
  };
  const refusesSession = (connection: object, error: unknown) =>
    error === refusal && resumes.has(connection);
  const client = new Client(run, Object.assign(transport, { handshake, refusesSession }), 0);
  await client.exchangeSize(100, true);
  await client.finish();
  assertEquals(transport.calls.filter((call) => call === "connect").length, 4);
  assertEquals(transport.calls.filter((call) => call === "close").length, 4);
  assertEquals([run.recorder.messages, run.troubles], [3, [
    "warning: 127.0.0.1:1443 cannot resume sessions; none is offered any more",
  ]]);
});
