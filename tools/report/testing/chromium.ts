/**
 * A headless Chromium for tests, driven over the DevTools protocol
 * (chromedevtools.github.io/devtools-protocol).
 *
 * @module
 */
import { within } from "../../../common/testing/within.ts";

/** Nothing it does by itself may look like the page's doing. */
const SWITCHES = [
  ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
  "--remote-debugging-port=0",
];

/** A busy machine may take this long, in milliseconds, to start a browser or to answer. */
const PATIENCE_MS = 60_000;

/** The browser's helpers outlive it by some milliseconds and may write meanwhile. */
const REMOVE_AGAIN_MS = 100;

type Fields = Record<string, unknown>;

/** Something that happened in the browser. */
export interface BrowserEvent {
  method: string;
  params: Fields;
}

/** A browser with one page; gone with its profile afterwards. */
export class Chromium implements AsyncDisposable {
  /** Everything that was reported since the start, in order. */
  readonly events: BrowserEvent[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #profile: string;
  #socket!: WebSocket;
  #session: string | undefined;
  #lastId = 0;
  readonly #waiting = new Map<number, (answer: Fields) => void>();
  readonly #listeners = new Map<string, () => void>();

  private constructor(path: string, profile: string) {
    this.#profile = profile;
    this.#child = new Deno.Command(path, {
      args: [...SWITCHES, `--user-data-dir=${profile}`, "about:blank"],
      ...{ stdin: "null", stdout: "null", stderr: "piped" },
    }).spawn();
  }

  /** Starts it and opens a page that reports its console and its requests. */
  static async start(path: string): Promise<Chromium> {
    const profile = await Deno.makeTempDir({ prefix: "netpairs-chromium-" });
    const browser = new Chromium(path, profile);
    try {
      await browser.#connect(await browser.#address());
      const { targetId } = await browser.send("Target.createTarget", { url: "about:blank" });
      const attach = { targetId, flatten: true };
      const { sessionId } = await browser.send("Target.attachToTarget", attach);
      browser.#session = sessionId as string;
      for (const domain of ["Page", "Runtime", "Log", "Network"]) {
        await browser.send(`${domain}.enable`);
      }
      return browser;
    } catch (error) {
      await browser[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Sends one command and gives what comes back. */
  async send(method: string, params: Fields = {}): Promise<Fields> {
    const id = ++this.#lastId;
    const answer = Promise.withResolvers<Fields>();
    this.#waiting.set(id, answer.resolve);
    this.#socket.send(JSON.stringify({ id, method, params, sessionId: this.#session }));
    const { result, error } = await patiently(answer.promise, method);
    if (error) throw new Error(`${method}: ${JSON.stringify(error)}`);
    return result as Fields;
  }

  /** Opens an address and waits until it is loaded. */
  async open(url: string): Promise<void> {
    const loaded = Promise.withResolvers<void>();
    this.#listeners.set("Page.loadEventFired", loaded.resolve);
    await this.send("Page.navigate", { url });
    await patiently(loaded.promise, url);
  }

  /** The value of an expression in the page. */
  async evaluate<T>(expression: string): Promise<T> {
    const options = { expression, returnByValue: true };
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", options);
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { value: T }).value;
  }

  /** Makes the page as wide and as high as a device. */
  async resize(width: number, height: number): Promise<void> {
    const metrics = { width, height, deviceScaleFactor: 1, mobile: false };
    await this.send("Emulation.setDeviceMetricsOverride", metrics);
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket?.close();
    try {
      this.#child.kill("SIGTERM");
    } catch {
      // It has ended by itself.
    }
    await this.#child.status;
    await this.#child.stderr.cancel().catch(() => {});
    await removeProfile(this.#profile);
  }

  /** The browser says on stderr where it listens. */
  async #address(): Promise<string> {
    const decoder = new TextDecoder();
    let said = "";
    const read = async () => {
      for await (const bytes of this.#child.stderr.values({ preventCancel: true })) {
        said += decoder.decode(bytes, { stream: true });
        const address = /DevTools listening on (ws:\S+)\s/.exec(said)?.[1];
        if (address) return address;
      }
      throw new Error(`the browser ended: ${said}`);
    };
    return await patiently(read(), "start");
  }

  async #connect(address: string): Promise<void> {
    const socket = this.#socket = new WebSocket(address);
    const opened = Promise.withResolvers<void>();
    socket.onopen = () => opened.resolve();
    socket.onerror = () => opened.reject(new Error(`cannot connect to ${address}`));
    socket.onmessage = ({ data }) => this.#take(JSON.parse(data));
    await patiently(opened.promise, address);
  }

  #take(message: { id?: number } & BrowserEvent): void {
    if (message.id !== undefined) {
      this.#waiting.get(message.id)?.(message as unknown as Fields);
      this.#waiting.delete(message.id);
      return;
    }
    this.events.push(message);
    this.#listeners.get(message.method)?.();
  }
}

/** Removes the profile, also while the browser's helpers still write to it. */
async function removeProfile(folder: string): Promise<void> {
  for (let left = 100;; left--) {
    try {
      return await Deno.remove(folder, { recursive: true });
    } catch (error) {
      const written = (error as { code?: string }).code === "ENOTEMPTY";
      if (!written || left <= 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, REMOVE_AGAIN_MS));
    }
  }
}

function patiently<T>(promise: Promise<T>, what: string): Promise<T> {
  return within(promise, () => `no answer: ${what}`, PATIENCE_MS);
}
