/**
 * A DTLS client and a DTLS server, and a network in memory whose clock is not the real one: minutes
 * of delays and timeouts pass in milliseconds, and nothing hangs on how fast the machine is.
 *
 * libssl's timers read the real clock, so they are set to {@linkcode REAL_TIMER_MS}, whatever the
 * wait is to be, while this clock keeps the deadlines of RFC 6347 4.2.4.1. Where the next thing to
 * happen is a deadline, the real time is waited for in which libssl comes to agree, for both ends:
 * so the order of things here decides what happens, and not how long they took.
 *
 * Two things are not as in life, as libssl looks at its timer at every step of a handshake. An end
 * whose deadline is later than the one that was waited for resends too early where something arrives
 * before it; and so does one where the machine stands still for 25 ms between two steps. That adds a
 * flight, and one to the 12 timeouts after which libssl gives up; it is counted (`early`). Of all
 * timeouts at a loss of 30 % it is one in ten. No test may depend on it.
 *
 * @module
 */
import { TlsContext } from "../openssl/context.ts";
import type { TlsContextOptions } from "../openssl/settings.ts";
import { recordLength } from "../openssl/records.ts";
import type { SavedSession } from "../openssl/saved_session.ts";
import { TlsSession } from "../openssl/session.ts";
import { faithful, type Fate } from "./fates.ts";
import { contextOptions, End, MemoryListener, type Sent } from "./memory_net.ts";
import type { Role } from "../model/protocol.ts";

/** First and longest wait for an answer in virtual milliseconds: RFC 6347 4.2.4.1. */
const WAIT_MS = { first: 1000, longest: 60_000 } as const;

/**
 * What libssl is told. It takes what is left for over when it is under 15 ms, so that this is over
 * after 25 ms: what happens between two waits, 3 ms of handshake, is to take less.
 */
const REAL_TIMER_MS = 40;

/** More than this, in one go, and the ends would never come to rest. */
const MAX_STEPS = 5000;

/** Networks that {@linkcode forAll} works with at a time. */
const AT_A_TIME = 50;

/** How an end came out; "absent" is a server that keeps nothing for the client. */
export type Outcome = "established" | "failed" | "waiting" | "absent";

/** Settings of {@linkcode virtualNet}; what is left out of a context is good and mutual. */
export interface VirtualNetOptions {
  client?: Partial<TlsContextOptions>;
  server?: Partial<TlsContextOptions>;
  mtu?: number;
  /** Every record is sent, and counted, as a datagram of its own. */
  recordsApart?: boolean;
}

interface UnderWay extends Sent {
  dueMs: number;
  /** The client's address. */
  address: string;
}

/** When an end resends, by the virtual clock. */
class VirtualTimer {
  dueMs = Infinity;
  /** How often libssl's time was over, and how often before it was over here. */
  readonly counts = { timeouts: 0, early: 0 };
  #waitMs = 0;

  /** libssl asks how long to wait, and tells how long it has waited: 0 for not yet. */
  next(previousMs: number, nowMs: number): number {
    if (previousMs > 0) {
      this.counts.timeouts++;
      if (nowMs < this.dueMs) this.counts.early++;
    }
    const { first, longest } = WAIT_MS;
    this.#waitMs = previousMs === 0 ? first : Math.min(this.#waitMs * 2, longest);
    this.dueMs = nowMs + this.#waitMs;
    return REAL_TIMER_MS;
  }
}

/** See {@linkcode virtualNet}. */
export class VirtualNet implements Disposable {
  /** The client of the last {@linkcode connect}. */
  client: End;
  /** What the server has for it: without a session before the client's cookie was good. */
  server: End;
  /** The virtual clock. */
  nowMs = 0;
  fate: Fate = faithful;
  /** Everything that was sent since the last {@linkcode connect}, what was lost too. */
  readonly sent: Sent[] = [];
  #timers = { client: new VirtualTimer(), server: new VirtualTimer() };
  readonly #underWay: UnderWay[] = [];
  readonly #owned: DisposableStack;
  readonly #context: TlsContext;
  readonly #listener: MemoryListener;
  readonly #options: VirtualNetOptions;
  #address = "";
  #saved: SavedSession | null = null;

  /** For {@linkcode virtualNet}. */
  constructor(client: TlsContextOptions, server: TlsContextOptions, options: VirtualNetOptions) {
    const { mtu } = this.#options = options;
    const timed = (end: Role) => ({
      retransmitAfterMs: (previousMs: number) => this.#timers[end].next(previousMs, this.nowMs),
    });
    this.client = this.#newEnd("client");
    this.server = this.#newEnd("server");
    using made = new DisposableStack();
    this.#context = made.use(new TlsContext({ ...client, ...timed("client") }));
    this.#listener = made.use(
      new MemoryListener({ ...server, ...timed("server") }, { mtu, newEnd: () => this.server }),
    );
    this.#listener.transmit = (bytes) => this.#transmit("server", bytes);
    this.#owned = made.move();
  }

  /** How often each end resent in the last connection, and how often it did too early. */
  get timeouts(): Readonly<Record<Role, { timeouts: number; early: number }>> {
    return { client: this.#timers.client.counts, server: this.#timers.server.counts };
  }

  /** How it came out for both ends, as "client/server". */
  get outcome(): `${Outcome}/${Outcome}` {
    return `${outcomeOf(this.client)}/${outcomeOf(this.server)}`;
  }

  /** Begins a connection from another address, and lets time pass until all is at rest. */
  async connect(session?: SavedSession): Promise<void> {
    const { mtu } = this.#options;
    this.#forget();
    this.client = this.#newEnd("client");
    this.server = this.#newEnd("server");
    const options = { serverName: "localhost", mtu, session };
    this.client.session = new TlsSession(this.#context, options);
    this.client.advance();
    await this.settle();
  }

  /** A session to resume, this network's: of a connection that nothing happened to. */
  async session(): Promise<SavedSession> {
    if (this.#saved) return this.#saved;
    this.fate = faithful;
    await this.connect();
    return this.#saved = this.#owned.use(this.client.session!.save()!);
  }

  /** Lets time pass until nothing is under way and no end waits for an answer. */
  async settle(): Promise<void> {
    for (let steps = 0; steps < MAX_STEPS; steps++) {
      const [next] = this.#underWay;
      const waiting = this.#waiting();
      const dueMs = waiting === null ? Infinity : this.#timers[waiting].dueMs;
      if (next && next.dueMs <= dueMs) {
        this.#underWay.shift();
        this.#deliver(next);
      } else if (waiting !== null) {
        await this.#timeOut(waiting, dueMs);
      } else {
        return;
      }
    }
    throw new Error(`the ends did not come to rest in ${this.nowMs / 1000} s`);
  }

  /** True where a message passes each way and is what it was. */
  async talk(): Promise<boolean> {
    this.fate = faithful;
    const messages = { client: new Uint8Array(50).fill(1), server: new Uint8Array(60).fill(2) };
    this.client.send(messages.client);
    this.server.send(messages.server);
    await this.settle();
    return isAlone(messages.client, this.server.inbox) &&
      isAlone(messages.server, this.client.inbox);
  }

  [Symbol.dispose](): void {
    this.#forget();
    this.#owned.dispose();
  }

  /** Ends the connection without a word, and makes ready for another. */
  #forget(): void {
    this.client.session?.close();
    this.server.session?.close();
    this.#listener.forgetAll();
    this.#address += "+";
    this.nowMs = this.#underWay.length = this.sent.length = 0;
    this.#timers = { client: new VirtualTimer(), server: new VirtualTimer() };
  }

  #newEnd(role: Role): End {
    return new End((bytes) => this.#transmit(role, bytes));
  }

  #transmit(from: Sent["from"], datagram: Uint8Array): void {
    for (const bytes of this.#options.recordsApart ? records(datagram) : [datagram.slice()]) {
      const sent = { from, bytes };
      this.sent.push(sent);
      for (const { bytes, delayMs } of this.fate(sent, this.sent.length - 1)) {
        const dueMs = this.nowMs + delayMs;
        this.#underWay.push({ from, bytes, dueMs, address: this.#address });
      }
    }
    // What arrives at the same time does so in the order in which it was sent: a stable sort.
    this.#underWay.sort((a, b) => a.dueMs - b.dueMs);
  }

  #deliver({ from, bytes, dueMs, address }: UnderWay): void {
    this.nowMs = Math.max(this.nowMs, dueMs);
    if (from === "client") {
      this.#listener.receive(bytes, address);
    } else {
      this.client.session!.feed(bytes);
      this.client.advance();
    }
  }

  /** The end whose deadline comes first, of those that wait for an answer. */
  #waiting(): Role | null {
    const { client, server } = this.#timers;
    const ends = server.dueMs < client.dueMs ? ["server", "client"] : ["client", "server"];
    return (ends as Sent["from"][]).find((end) => timeLeft(this[end]) !== null) ?? null;
  }

  async #timeOut(waiting: Role, dueMs: number): Promise<void> {
    this.nowMs = Math.max(this.nowMs, dueMs);
    const left = () => Math.max(timeLeft(this.client) ?? 0, timeLeft(this.server) ?? 0);
    for (let leftMs; (leftMs = left()) > 0;) {
      await new Promise((resolve) => setTimeout(resolve, leftMs));
    }
    const end = this[waiting];
    try {
      end.session!.handleTimeout();
    } catch (error) {
      end.error = error;
    }
    end.flush();
  }
}

/** Makes a network whose ends authenticate each other; nothing has been sent yet. */
export async function virtualNet(options: VirtualNetOptions = {}): Promise<VirtualNet> {
  return new VirtualNet(
    { ...await contextOptions("client"), ...options.client },
    { ...await contextOptions("server"), ...options.server },
    options,
  );
}

/** The records of a datagram, each by itself. */
function records(datagram: Uint8Array): Uint8Array<ArrayBuffer>[] {
  const all: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; at < datagram.length;) {
    const end = Math.min(at + recordLength(datagram, at), datagram.length);
    all.push(datagram.slice(at, end));
    at = end;
  }
  return all;
}

/** Does the same with all of them, in many networks: they wait for libssl's timers together. */
export async function forAll<T>(
  items: Iterable<T>,
  options: VirtualNetOptions,
  act: (net: VirtualNet, item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const errors: Error[] = [];
  const work = async () => {
    using net = await virtualNet(options);
    for (let item; errors.length === 0 && (item = queue.shift()) !== undefined;) {
      const name = JSON.stringify(item);
      await act(net, item).catch((cause) => {
        errors.push(new Error(`with ${name}: ${cause}`, { cause }));
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_A_TIME, queue.length) }, work));
  if (errors.length > 0) throw errors[0];
}

function outcomeOf({ session, error, established }: End): Outcome {
  if (error !== null) return "failed";
  if (session === null) return "absent";
  return established ? "established" : "waiting";
}

function isAlone(message: Uint8Array, inbox: Uint8Array[]): boolean {
  const [only] = inbox;
  return inbox.length === 1 && String(only) === String(message);
}

/** By libssl's timer, in real milliseconds; null where the end waits for nothing. */
function timeLeft({ session, error }: End): number | null {
  return error === null ? session?.timeoutMs() ?? null : null;
}
