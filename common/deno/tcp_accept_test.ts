/** What accept(2) may fail with while its listener lives on. */
import { BoundedTcpListener } from "./tcp.ts";
import { EXHAUSTED_PAUSE_MS } from "../base/system_errors.ts";
import { assert, assertEquals, assertRejects } from "../testing/assert.ts";
import { FakeClock } from "../testing/fake_clock.ts";

const CONN = { setNoDelay() {}, close() {} } as unknown as Deno.TcpConn;

type Step = Error | Deno.TcpConn;

/** An listener whose calls of accept() come to what is named, then wait until it is closed. */
class FakeListener implements Disposable {
  calls = 0;
  readonly listener: BoundedTcpListener;
  readonly #closed = Promise.withResolvers<never>();

  constructor(...steps: Step[]) {
    const { listen } = Deno;
    const listener = {
      addr: { transport: "tcp", hostname: "127.0.0.1", port: 1443 },
      accept: async () => {
        const step = steps[this.calls++];
        if (step instanceof Error) throw step;
        return step ?? await this.#closed.promise;
      },
      close: () => this.#closed.reject(new Deno.errors.BadResource("closed")),
    };
    this.#closed.promise.catch(() => {});
    Deno.listen = (() => listener) as unknown as typeof listen;
    try {
      this.listener = new BoundedTcpListener("127.0.0.1", 0);
    } finally {
      Deno.listen = listen;
    }
  }

  [Symbol.dispose](): void {
    this.listener.close();
  }
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

Deno.test("BoundedTcpListener.accept() passes over connections that are gone", async () => {
  const codes = ["ENOTCONN", "ECONNABORTED", "ECONNRESET", "EPROTO", "EHOSTUNREACH", "EPERM"];
  using fake = new FakeListener(...codes.map(systemError), CONN);
  assert(await fake.listener.accept() === CONN);
});

Deno.test("BoundedTcpListener.accept() passes over a connection that takes no options any more", async () => {
  let closed = 0;
  const gone = {
    setNoDelay() {
      throw Object.assign(new TypeError("Invalid argument (os error 22)"), { code: "EINVAL" });
    },
    close: () => closed++,
  } as unknown as Deno.TcpConn;
  using fake = new FakeListener(gone, CONN);
  assert(await fake.listener.accept() === CONN);
  assertEquals(closed, 1);
});

Deno.test("BoundedTcpListener.accept() rests where descriptors have run out, and asks again", async () => {
  using clock = new FakeClock();
  using fake = new FakeListener(systemError("EMFILE"), systemError("ENOBUFS"), CONN);
  const accepting = fake.listener.accept();
  await clock.advance(EXHAUSTED_PAUSE_MS - 1);
  assertEquals(fake.calls, 1);
  await clock.advance(1);
  assertEquals(fake.calls, 2);
  await clock.advance(EXHAUSTED_PAUSE_MS);
  assert(await accepting === CONN);
});

Deno.test("BoundedTcpListener.close() ends a rest", async () => {
  const fake = new FakeListener(systemError("ENFILE"));
  const accepting = fake.listener.accept();
  await Promise.resolve();
  fake.listener.close();
  assertEquals(await accepting, null);
});

Deno.test("BoundedTcpListener.accept() hands on that its socket is broken", async () => {
  using fake = new FakeListener(systemError("EBADF"));
  await assertRejects(() => fake.listener.accept(), Error, "EBADF");
});
