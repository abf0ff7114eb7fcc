/**
 * A Worker that listens with TLS and DTLS, and connects to its own listeners and to another's.
 *
 * It is told a {@linkcode WorkerOrder} first, and then questions; each is answered with one message.
 *
 * @module
 */
import { liveSessions } from "../../../common/openssl/session.ts";
import { type Connect, connectTo } from "../clients.ts";
import { serveDtls, serveTls } from "../echo_listeners.ts";
import type { WorkerOrder, WorkerPorts, WorkerQuestion, WorkerRest } from "./worker_order.ts";

const scope = globalThis as unknown as {
  postMessage(answer: WorkerPorts | WorkerRest | null): void;
  onmessage: (event: { data: WorkerOrder | WorkerQuestion }) => Promise<void>;
  close(): void;
};

/** The listeners, and clients of these and of those that are visited. */
class Ends {
  readonly #dtls;
  readonly #tls;
  readonly ports: WorkerPorts;
  readonly #connects: Connect[];

  constructor(order: WorkerOrder) {
    this.#dtls = serveDtls(order);
    this.#tls = serveTls(order);
    this.ports = { dtls: this.#dtls.port, tls: this.#tls.port };
    this.#connects = [this.ports, order.visited ?? this.ports].flatMap(({ dtls, tls }) => [
      connectTo("dtls", dtls, order),
      connectTo("tls", tls, order),
    ]);
  }

  async connect(rounds: number): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      for (const connect of this.#connects) {
        const client = await connect();
        await client.exchange();
        await client.close();
      }
    }
  }

  rest(): WorkerRest {
    const sessions = this.#dtls.counters.sessions + this.#tls.counters.sessions;
    return { sessions, live: liveSessions() };
  }

  async close(): Promise<void> {
    await Promise.all([this.#dtls.close(), this.#tls.close()]);
  }
}

let ends!: Ends;

async function answer(
  question: WorkerOrder | WorkerQuestion,
): Promise<WorkerPorts | WorkerRest | null> {
  if (typeof question === "object") {
    ends = new Ends(question);
    return ends.ports;
  }
  if (question === "rest") return ends.rest();
  await (question === "close" ? ends.close() : ends.connect(question));
  return null;
}

scope.onmessage = async ({ data: question }) => {
  scope.postMessage(await answer(question));
  if (question === "close") scope.close();
};
