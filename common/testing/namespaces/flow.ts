/**
 * All that goes between one server's port and its clients: what is dropped, and what that means to
 * messages and their answers.
 *
 * @module
 */
import { randomNumbers } from "../../base/random.ts";

/** Which way a packet goes. */
export type Direction = "toServer" | "toClient";

/** A number of something each way. */
export type EachWay = Record<Direction, number>;

/** What is done to the packets of one server's port. */
export interface FlowRule {
  /** The server's. */
  readonly port: number;
  /** What tells messages and answers from other packets; over TCP nothing does. */
  readonly carries: "messages" | "dtls" | "stream";
  /** Part of the packets that are dropped, from 0 to 1. */
  readonly loss: number;
  /** The same seed drops the same ones. */
  readonly seed: number;
  /**
   * DTLS: what is never dropped: messages with their answers, or all else, which are handshakes and
   * shutdowns.
   */
  readonly spares?: "messages" | "handshakes";
  /** How many messages there are in all, copies of the last one left out. */
  readonly messages: number;
  /** Instead of chance: of those that may be dropped, these each way, from and up to a number. */
  readonly drops?: Record<Direction, readonly (readonly [from: number, to: number])[]>;
}

/** What has become of the packets of one server's port. */
export interface FlowReport {
  /** Packets that came. */
  readonly packets: EachWay;
  /** Packets of these that were dropped. */
  readonly dropped: EachWay;
  /** Messages and answers of these, see below; of a stream none. */
  readonly lost: EachWay;
}

/** RFC 6347 4.1: the first byte of a record of messages; the rest are handshakes and alerts. */
const APPLICATION_DATA = 23;

/** How a message begins: its number and its protocol. */
const HEADER = /^ *\d+, *[a-z]+, *\d+,/;
const HEADER_BYTES = 24;

/** The packets of one server's port. */
export class Flow {
  readonly #rule: FlowRule;
  readonly #chance: Record<Direction, () => number>;
  readonly #packets: EachWay = { toServer: 0, toClient: 0 };
  readonly #dropped: EachWay = { toServer: 0, toClient: 0 };
  /** How many could have been dropped. */
  readonly #droppable: EachWay = { toServer: 0, toClient: 0 };
  readonly #exchange: Exchange;

  constructor(rule: FlowRule) {
    const { seed } = rule;
    this.#rule = rule;
    // Each way has its own numbers: what is dropped hangs on nothing but the order of one way.
    this.#chance = { toServer: randomNumbers(seed), toClient: randomNumbers(~seed) };
    this.#exchange = new Exchange(rule);
  }

  /**
   * Takes a packet.
   *
   * @param payload borrowed
   * @param client tells one client's packets from another's
   * @returns whether it goes on
   */
  passes(direction: Direction, payload: Uint8Array, client: number): boolean {
    const { carries, spares } = this.#rule;
    this.#packets[direction]++;
    const counts = carries === "dtls"
      ? payload[0] === APPLICATION_DATA
      : carries === "messages" && payload.length > 0;
    const isSpared = carries === "dtls" && spares === (counts ? "messages" : "handshakes");
    const isDropped = !isSpared && this.#drops(direction);
    if (isDropped) this.#dropped[direction]++;
    if (counts) this.#exchange.saw(direction, payload, client, !isDropped);
    return !isDropped;
  }

  /** What has become of all of them. */
  report(): FlowReport {
    return {
      packets: { ...this.#packets },
      dropped: { ...this.#dropped },
      lost: this.#exchange.lost(),
    };
  }

  #drops(direction: Direction): boolean {
    const index = this.#droppable[direction]++;
    const { drops, loss } = this.#rule;
    if (drops) return drops[direction].some(([from, to]) => from <= index && index < to);
    return this.#chance[direction]() < loss;
  }
}

/**
 * Messages and answers that were lost. A client may repeat its last message to be sure that the server
 * has it: such copies, and the answers to them, do not count. An answer does not say what it answers,
 * but answers come in the order of what has arrived.
 */
class Exchange {
  readonly #rule: FlowRule;
  readonly #lost: EachWay = { toServer: 0, toClient: 0 };
  readonly #sent = new Set<string>();
  #messages = 0;
  /** Of each client: what has arrived and was not answered so far, and whether it counts. */
  readonly #waiting = new Map<number, boolean[]>();

  constructor(rule: FlowRule) {
    this.#rule = rule;
  }

  saw(direction: Direction, payload: Uint8Array, client: number, arrives: boolean): void {
    const waiting = this.#waiting.get(client) ?? [];
    this.#waiting.set(client, waiting);
    let counts: boolean | undefined;
    if (direction === "toClient") counts = waiting.shift();
    else {
      counts = this.#isFirst(payload, client);
      if (arrives) waiting.push(counts);
    }
    if (counts && !arrives) this.#lost[direction]++;
  }

  /** Whether it is no copy: those that can be read say so, of others it is known how many there are. */
  #isFirst(payload: Uint8Array, client: number): boolean {
    if (this.#rule.carries === "dtls") return this.#messages++ < this.#rule.messages;
    const header = new TextDecoder().decode(payload.subarray(0, HEADER_BYTES));
    const name = HEADER.exec(header)?.[0];
    if (name === undefined) return false;
    const { size } = this.#sent;
    return this.#sent.add(`${client} ${name}`).size > size;
  }

  lost(): EachWay {
    return { ...this.#lost };
  }
}
