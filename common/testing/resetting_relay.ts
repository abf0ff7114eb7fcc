/**
 * A network that tears connections: they are carried on to a server, and reset there in the middle of
 * whatever is under way.
 *
 * @module
 */
import { connect, createServer, type Server, type Socket } from "node:net";

/** Listens, and carries each connection on until so many bytes have passed. */
export class ResettingRelay implements AsyncDisposable {
  /** How many connections were reset. */
  resets = 0;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /**
   * @param port where the server listens, on 127.0.0.1
   * @param afterBytes asked for each connection: bytes of both directions after which it is reset
   */
  static async listen(port: number, afterBytes: () => number): Promise<ResettingRelay> {
    const server = createServer();
    const relay = new ResettingRelay(server);
    server.on("connection", (near: Socket) => relay.#carry(near, port, afterBytes()));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return relay;
  }

  /** Where it listens. */
  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  #carry(near: Socket, port: number, afterBytes: number): void {
    const far = connect(port, "127.0.0.1");
    let left = afterBytes;
    let isOpen = true;
    const reset = () => {
      if (!isOpen) return;
      isOpen = false;
      this.resets++;
      far.resetAndDestroy();
      near.destroy();
    };
    const carry = (to: Socket) => (bytes: Uint8Array) => {
      if (!isOpen) return;
      // What comes at once may be more than what is to pass.
      to.write(bytes.subarray(0, left));
      left -= bytes.length;
      if (left <= 0) reset();
    };
    near.on("data", carry(far));
    far.on("data", carry(near));
    for (const socket of [near, far]) socket.on("error", () => {}).on("close", reset);
    far.on("connect", () => left <= 0 && reset());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
