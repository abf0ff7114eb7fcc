import { ENDED, TOO_LATE } from "../base/read_result.ts";
import { RunError } from "../base/errors.ts";
import { ACK } from "../model/message.ts";
import { assertEquals, assertRejects } from "../testing/assert.ts";
import { fakeClientRun, FakeClientTransport } from "../testing/fake_client.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { Client } from "./client.ts";

/** What a server that echoes answers to the message before. */
type Echo = (message: Uint8Array) => (Uint8Array | number)[];

/** A server that answers each message in its own way, and the last way is that of all the others. */
class EchoTransport extends FakeClientTransport {
  readonly #echoes: Echo[];
  #coming: (Uint8Array | number)[] = [];

  constructor(echoes: Echo[], kind: { promises?: boolean; connectionless?: boolean } = {}) {
    super(kind);
    this.#echoes = echoes;
  }

  override send(connection: object, message: Uint8Array) {
    const echo = this.#echoes.length > 1 ? this.#echoes.shift()! : this.#echoes[0]!;
    this.#coming.push(...echo(message.slice()));
    return super.send(connection, message);
  }

  override receive(_connection: object, into: Uint8Array) {
    const next = this.#coming.shift() ?? TOO_LATE;
    if (typeof next === "number") return next;
    into.set(next);
    return next.length;
  }
}

const whole: Echo = (message) => [message];

/** Sends two messages of 1000 bytes with --expect-echo. */
async function exchanged(protocol: "tcp" | "udp", transport: EchoTransport) {
  using clock = new FakeClock();
  using run = fakeClientRun(protocol, "--sizes=1000", "--repeat=2", "--expect-echo");
  const done = new Client(run, transport, 0).exchangeSize(1000, false);
  await Promise.allSettled([done, clock.advance(1)]);
  await done;
  const [size] = run.recorder.clientResults(true);
  return [size!.answered, size!.lost];
}

for (const promises of [true, false]) {
  const kind = promises ? "promises" : "values";

  Deno.test(`Client takes its message for the answer on a transport of ${kind}`, async () => {
    const transport = new EchoTransport([whole], { promises });
    assertEquals(await exchanged("tcp", transport), [2, 0]);
  });
}

Deno.test("Client takes the echo in parts, with a header in two of them", async () => {
  const cuts = [0, 1, 20, 33, 500, 1000];
  const parts: Echo = (message) => cuts.slice(1).map((to, i) => message.slice(cuts[i], to));
  assertEquals(await exchanged("tcp", new EchoTransport([parts])), [2, 0]);
});

/** What a server sends that does not echo, and what is said then. */
const WRONG: Record<string, [Echo, string]> = {
  "another answer": [() => [ACK], "is not the message that was sent"],
  "a wrong first byte": [
    (message) => [message.fill(0x2a, 0, 1), message],
    "is not the message that was sent",
  ],
  "a wrong last byte": [(message) => [message.fill(0x2a, 999)], "not the message that was sent"],
  "a wrong byte in a later part": [
    (message) => [message.slice(0, 500), message.fill(0x2a, 700, 701).slice(500)],
    "is not the message that was sent",
  ],
  "a byte too many": [
    (message) => [Uint8Array.of(...message, 0x41)],
    "is not the message that was sent",
  ],
  "half of it and the end": [(message) => [message.slice(0, 500), ENDED], "closed the connection"],
  "half of it and nothing more": [(message) => [message.slice(0, 500)], "timed out after 5000 ms"],
};

for (const [what, [echo, says]] of Object.entries(WRONG)) {
  Deno.test(`Client refuses ${what} instead of the echo`, async () => {
    await assertRejects(() => exchanged("tcp", new EchoTransport([echo])), RunError, says);
  });
}

Deno.test("Client passes over the echo of a datagram that it had counted as lost", async () => {
  let late = new Uint8Array();
  const tooLate: Echo = (message) => (late = message.slice(), [TOO_LATE]);
  const both: Echo = (message) => [late, message];
  const transport = new EchoTransport([tooLate, both], { connectionless: true });
  assertEquals(await exchanged("udp", transport), [1, 1]);
});

Deno.test("Client refuses a datagram with a wrong byte, and one that is no message", async () => {
  for (const wrong of [(message: Uint8Array) => message.fill(0x2a, 900), () => new Uint8Array(9)]) {
    const transport = new EchoTransport([(message) => [wrong(message)]], { connectionless: true });
    const says = "is not the message that was sent";
    await assertRejects(() => exchanged("udp", transport), RunError, says);
  }
});
