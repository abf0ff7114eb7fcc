/**
 * Two machines with a network between them that is slow and loses packets, on this one: see router.ts.
 * It needs no privileges where the system lets everyone make namespaces.
 *
 * @module
 */
import { fromFileUrl } from "../../base/std.ts";
import { ADDRESSES, type IpVersion, type Machine } from "./addresses.ts";
import type { FlowReport, FlowRule } from "./flow.ts";
import type { Answer, Command } from "./router.ts";

const ROUTER = fromFileUrl(new URL("router.ts", import.meta.url));

/** A namespace that belongs to the user, as root of it. */
const UNSHARE = ["--user", "--map-root-user", "--net"];

/** What has to be possible in it, as briefly as it can be said. */
const PROBE = "ip tuntap add dev probe mode tun && ip address add 2001:db8::1/128 dev probe";

/** Why there can be no two machines here; null where there can. */
export function whyNoMachines(): string | null {
  if (Deno.build.os !== "linux") return "network namespaces are Linux's";
  try {
    const { success, stderr } = new Deno.Command("unshare", {
      args: [...UNSHARE, "sh", "-c", PROBE],
    }).outputSync();
    const [line] = new TextDecoder().decode(stderr).trim().split("\n");
    return success ? null : `no network namespace with a TUN interface: ${line}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "apt install util-linux iproute2";
    throw error;
  }
}

/** Both machines and their router; they are gone afterwards. */
export class TwoMachines implements AsyncDisposable {
  readonly #router: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers: AsyncIterator<string>;
  #pids: Record<Machine, number> = { client: 0, server: 0 };
  /** Commands are answered one after the other. */
  #asked: Promise<unknown> = Promise.resolve();
  /** Below the system's own range (ip_local_port_range), and privileged ports. */
  #lastPort = 10_000;

  private constructor(roundTripMs: number) {
    const permissions = ["--allow-ffi", "--allow-run=ip,unshare"];
    const deno = [Deno.execPath(), "run", "--quiet", "--no-prompt", ...permissions];
    this.#router = new Deno.Command("unshare", {
      args: [...UNSHARE, ...deno, ROUTER, String(roundTripMs / 2)],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#stdin = this.#router.stdin.getWriter();
    this.#answers = linesOf(this.#router.stdout);
  }

  /** @param roundTripMs how long a packet and its answer are under way, half of it each */
  static async start(roundTripMs: number): Promise<TwoMachines> {
    const machines = new TwoMachines(roundTripMs);
    const answer = await machines.#answer();
    if (!("machines" in answer)) throw new Error("the router does not say where the machines are");
    machines.#pids = answer.machines;
    return machines;
  }

  /** Where a machine is. */
  addressOf(machine: Machine, version: IpVersion): string {
    return ADDRESSES[machine][version];
  }

  /** A port that no other test takes there. */
  freePort(): number {
    return ++this.#lastPort;
  }

  /** What stands in front of a program's command line, to run it on a machine. */
  onMachine(machine: Machine): string[] {
    const pid = String(this.#pids[machine]);
    return ["nsenter", "--target", pid, "--user", "--net", "--preserve-credentials", "--"];
  }

  /** Loses packets from now on, and counts them. */
  async watch(rule: FlowRule): Promise<void> {
    await this.#ask({ watch: rule });
  }

  /** What has become of the packets of a port that is watched. */
  async report(port: number): Promise<FlowReport> {
    return await this.#ask({ report: port }) as FlowReport;
  }

  #ask(command: Command): Promise<Answer> {
    const answer = this.#asked.then(async () => {
      await this.#stdin.write(new TextEncoder().encode(`${JSON.stringify(command)}\n`));
      return await this.#answer();
    });
    this.#asked = answer.catch(() => {});
    return answer;
  }

  async #answer(): Promise<Answer> {
    const { value, done } = await this.#answers.next();
    if (done) throw new Error("the router has ended; its stderr is above");
    return JSON.parse(value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stdin.close().catch(() => {});
    await this.#answers.return?.();
    await this.#router.status;
  }
}

/** The lines of a stream. */
async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}
