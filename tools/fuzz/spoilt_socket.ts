/**
 * A client's socket from which changed datagrams come, too: what they claim to be from is true.
 *
 * @module
 */
import type { ProgramSocket } from "../../dtls/mod.ts";
import { below, type Bytes, mutateOne, oneOf, type Random } from "./mutator.ts";

/** What a client has sent; so much is kept. */
const SAMPLES = 50;

/** A socket of the client's own. */
export class SpoiltSocket implements ProgramSocket, Disposable {
  readonly addr: Deno.Addr;
  readonly #socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  readonly #to: Deno.NetAddr;
  readonly #random: Random;
  readonly #sent: Bytes[] = [];

  /** @param port where the listener is, on 127.0.0.1 */
  constructor(port: number, random: Random) {
    this.addr = this.#socket.addr;
    this.#to = { transport: "udp", hostname: "127.0.0.1", port };
    this.#random = random;
  }

  async send(datagram: Uint8Array, to: Deno.NetAddr): Promise<void> {
    const copy = datagram.slice();
    if (this.#sent.length < SAMPLES) this.#sent.push(copy);
    else this.#sent[below(this.#random, SAMPLES)] = copy;
    await this.#socket.send(datagram, to);
  }

  /** Sends one of the datagrams again, changed. */
  async spoil(): Promise<void> {
    const changed = mutateOne(oneOf(this.#random, this.#sent), this.#random, this.#sent);
    await this.#socket.send(changed, this.#to).catch(() => {});
  }

  [Symbol.asyncIterator](): AsyncIterator<[Uint8Array, Deno.Addr]> {
    return this.#socket[Symbol.asyncIterator]();
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}
