/**
 * Packets of an interface, which go to a file until it is ended.
 *
 * @module
 */
import { RunError } from "../../common/base/errors.ts";
import { writeBytes } from "./files.ts";
import { captureError, type Capturer, startCapturer } from "./programs.ts";

/** The last datagram of a capture: when it is in the file, so is all that was sent before it. */
export const MARK = "netpairs: the last";

/** The datagram is sent again, as it may get lost where packets come too fast: in milliseconds. */
const AGAIN_MS = 500;

/** Longest wait for what was sent, in milliseconds. */
const PATIENCE_MS = 10_000;

/** Where packets are captured, and which. */
export interface CaptureSettings {
  interface: string;
  /** Of TCP and UDP, at either end; one or more. */
  ports: readonly number[];
  /** Makes the file, when the first bytes are there. */
  open: () => Deno.FsFile | Promise<Deno.FsFile>;
}

/** A capture that runs. */
export class Capture implements AsyncDisposable {
  /** What captures. */
  readonly program: Capturer;
  readonly #ports: readonly number[];
  readonly #child: Deno.ChildProcess;
  readonly #started = Promise.withResolvers<void>();
  readonly #marked = Promise.withResolvers<boolean>();
  readonly #ended: Promise<void>;
  #stderr = "";
  #over = false;
  /** Whether it has captured, and whether its end was wanted. */
  #hasBegun = false;
  #mayEnd = false;
  /** What came last, as far as a part of the mark may be in it; null while it is not awaited. */
  #tail: string | null = null;

  private constructor({ interface: name, ports, open }: CaptureSettings) {
    const { program, child } = startCapturer(
      name,
      ports.map((port) => `port ${port}`).join(" or "),
    );
    this.program = program;
    this.#ports = ports;
    this.#child = child;
    this.#ended = this.#run(open);
    // Whoever waits for the end hears of it.
    this.#ended.catch(() => {});
  }

  /**
   * Captures what is sent from or to the ports from now on.
   *
   * @throws {UsageError} where there is no such interface
   * @throws {RunError} where nothing can be captured, saying what to do; and what `open` throws
   */
  static async start(settings: CaptureSettings): Promise<Capture> {
    const capture = new Capture(settings);
    try {
      // They write the head of the file when they capture.
      await Promise.race([capture.#started.promise, capture.#ended]);
      if (!capture.#over) return capture;
    } catch (error) {
      capture.#kill();
      throw error;
    }
    throw await captureError(capture.program, capture.#stderr, settings.interface);
  }

  /**
   * Resolves when it was ended.
   *
   * @throws {RunError} when it has ended by itself, or where the file cannot be written
   */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Number of packets that came too fast to be kept, as far as the program says it. */
  get dropped(): number {
    return Number(/(\d+) packets? dropped/.exec(this.#stderr)?.[1] ?? 0);
  }

  /**
   * Ends it when all is in the file that was sent on the loopback interface: a last datagram goes to
   * the first port, where nothing should listen any more.
   *
   * @returns whether that datagram was seen
   * @throws {RunError} as {@linkcode ended}
   */
  async end(): Promise<boolean> {
    this.#tail = "";
    const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    const send = () => {
      const to = { transport: "udp", hostname: "127.0.0.1", port: this.#ports[0]! } as const;
      socket.send(new TextEncoder().encode(MARK), to).catch(() => {});
    };
    const again = setInterval(send, AGAIN_MS);
    const late = setTimeout(() => this.#marked.resolve(false), PATIENCE_MS);
    send();
    try {
      return await this.#marked.promise;
    } finally {
      clearInterval(again);
      clearTimeout(late);
      socket.close();
      await this.stop();
    }
  }

  /**
   * Ends it with what is there. May be called twice.
   *
   * @throws {RunError} as {@linkcode ended}
   */
  async stop(): Promise<void> {
    this.#mayEnd = true;
    this.#kill();
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#kill();
    await this.#ended.catch(() => {});
  }

  #kill(): void {
    try {
      if (!this.#over) this.#child.kill("SIGINT");
    } catch {
      // It has ended by itself.
    }
  }

  async #run(open: CaptureSettings["open"]): Promise<void> {
    try {
      await Promise.all([this.#write(open), this.#listen()]);
    } finally {
      this.#kill();
      await this.#child.status;
      this.#over = true;
      this.#marked.resolve(false);
    }
    if (!this.#hasBegun || this.#mayEnd) return;
    const { code, signal } = await this.#child.status;
    throw new RunError(
      `${this.program} ended before the capture was over (${signal ?? `exit code ${code}`})`,
    );
  }

  async #write(open: CaptureSettings["open"]): Promise<void> {
    let file: Deno.FsFile | null = null;
    try {
      for await (const bytes of this.#child.stdout) {
        file ??= await open();
        this.#hasBegun = true;
        this.#started.resolve();
        writeBytes(file, bytes);
        if (this.#tail !== null) this.#look(bytes);
      }
    } finally {
      file?.close();
    }
  }

  #look(bytes: Uint8Array): void {
    const text = this.#tail + new TextDecoder("latin1").decode(bytes);
    if (text.includes(MARK)) this.#marked.resolve(true);
    this.#tail = text.slice(-MARK.length);
  }

  async #listen(): Promise<void> {
    for await (const text of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      this.#stderr += text;
    }
  }
}
