/**
 * A client's part of a datagram socket that the program has.
 *
 * @module
 */
import type { MaybePromise } from "../../common/base/maybe_promise.ts";
import { UdpSocket } from "../../common/deno/udp.ts";
import type { UdpClient, UdpClientEvents } from "../../common/deno/udp_client.ts";
import { BorrowedSocket, type ProgramSocket } from "./program_socket.ts";
import type { OnOtherDatagram } from "./settings.ts";
import { divided, reachableFrom } from "./shared_socket.ts";

/** Sends to one server, and takes what comes from there. */
export class BorrowedUdpClient
  implements Pick<UdpClient, "remoteAddr" | "localAddr" | "send" | "close"> {
  readonly remoteAddr: Deno.NetAddr;
  readonly #socket: UdpSocket;

  /**
   * @param addresses of the server; the first that the socket can reach is its
   * @throws {Deno.errors.AddrNotAvailable} where it can reach none
   */
  constructor(
    addresses: readonly string[],
    port: number,
    events: UdpClientEvents,
    socket: ProgramSocket,
    onOtherDatagram: OnOtherDatagram | undefined,
  ) {
    const hostname = reachableFrom(addresses, socket.addr as Deno.NetAddr);
    this.remoteAddr = { transport: "udp", hostname, port };
    this.#socket = new UdpSocket(new BorrowedSocket(socket));
    const take = (datagram: Uint8Array<ArrayBuffer>) => events.received(datagram);
    this.#socket.run(divided(take, onOtherDatagram, this.remoteAddr))
      .catch((error) => events.failed(error));
  }

  /** Where the socket is bound. */
  get localAddr(): Deno.NetAddr {
    return this.#socket.addr;
  }

  /** Sends a datagram to the server, borrowed for the call. */
  send(bytes: Uint8Array): MaybePromise<void> {
    return this.#socket.send(bytes, this.remoteAddr);
  }

  /** Lets go of the socket. May be called twice. */
  close(): void {
    this.#socket.close();
  }
}
