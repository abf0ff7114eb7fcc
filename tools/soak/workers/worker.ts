/**
 * A Worker that listens with TLS and DTLS, and connects to another's listeners and to its own.
 *
 * It is told a {@linkcode ListenerOrder} first, and then questions; each is answered with one message.
 *
 * @module
 */
import { liveSessions } from "../../../common/openssl/session.ts";
import { type Connect, connectTo } from "../clients.ts";
import { serveDtls, serveTls } from "../echo_listeners.ts";
import type { ListenerOrder } from "../listener_order.ts";
import { collectGarbage } from "../usage.ts";
import {
  type Answer,
  answerOf,
  type WorkerPorts,
  type WorkerQuestion,
  type WorkerRest,
} from "./worker_order.ts";

const scope = globalThis as unknown as {
  postMessage(answer: Answer<unknown>): void;
  onmessage: (event: { data: ListenerOrder | WorkerQuestion }) => Promise<void>;
  close(): void;
};

/** The listeners, and clients of these and of those that are visited. */
class Ends {
  readonly #order: ListenerOrder;
  readonly #dtls;
  readonly #tls;
  readonly ports: WorkerPorts;
  #connects: Connect[];
  #connected = 0;
  #isStopped = true;
  #going = Promise.resolve();

  constructor(order: ListenerOrder) {
    this.#order = order;
    this.#dtls = serveDtls(order);
    this.#tls = serveTls(order);
    this.ports = { dtls: this.#dtls.port, tls: this.#tls.port };
    this.#connects = this.#clientsOf(this.ports);
  }

  #clientsOf({ dtls, tls }: WorkerPorts): Connect[] {
    return [connectTo("dtls", dtls, this.#order), connectTo("tls", tls, this.#order)];
  }

  visit(ports: WorkerPorts): void {
    this.#connects = [...this.#clientsOf(ports), ...this.#clientsOf(this.ports)];
  }

  async once(): Promise<void> {
    for (const connect of this.#connects) {
      const client = await connect();
      await client.exchange();
      await client.close();
      this.#connected++;
    }
  }

  start(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    const going = async () => {
      while (!this.#isStopped) await this.once();
    };
    this.#going = going();
    // It is told when it is to rest.
    this.#going.catch(() => {});
  }

  async rest(): Promise<WorkerRest> {
    this.#isStopped = true;
    await this.#going;
    await collectGarbage();
    return this.#left();
  }

  async close(): Promise<WorkerRest> {
    await Promise.all([this.#dtls.close(), this.#tls.close()]);
    return this.#left();
  }

  #left(): WorkerRest {
    const sessions = this.#dtls.counters.sessions + this.#tls.counters.sessions;
    return { connected: this.#connected, sessions, live: liveSessions() };
  }
}

let ends!: Ends;

async function answer(question: ListenerOrder | WorkerQuestion): Promise<unknown> {
  if (typeof question === "string") return await ends[question]();
  if ("ca" in question) {
    ends = new Ends(question);
    return ends.ports;
  }
  ends.visit(question);
}

scope.onmessage = async ({ data: question }) => {
  scope.postMessage(await answerOf(() => answer(question)));
  if (question === "close") scope.close();
};
