/**
 * Two machines and the router between them, each a network namespace of Linux. This program is the
 * router: it starts in a namespace without interfaces, makes the two others, and carries every packet
 * on after a delay, except those that it drops by a flow's rule.
 *
 * It is told what to do on stdin and answers on stdout, a line of JSON each, and it ends with stdin;
 * the namespaces end with it. It does nothing but that, so it waits in poll(2), without an event loop.
 *
 *     unshare --user --map-root-user --net deno run --allow-ffi --allow-run=ip,unshare router.ts 10
 *
 * @module
 */
import { ADDRESSES, type Machine } from "./addresses.ts";
import { Flow, type FlowReport, type FlowRule } from "./flow.ts";
import { readPacket } from "./packets.ts";
import { Readable, readable, Tun } from "./tun.ts";

/** What the router is told. */
export type Command = { watch: FlowRule } | { report: FlowRule["port"] };

/** What it says: once that both machines are there, and one line for each command. */
export type Answer = { machines: Record<Machine, number> } | FlowReport | Record<never, never>;

/** No datagram of any size is cut into fragments, whose losses would have to be put together. */
const MTU = 65_535;
/** As on Ethernet; the segments of IPv6 are a little shorter. */
const MAX_SEGMENT_BYTES = 1440;
/** Packets that may wait for the router, so that it drops none by being slow. */
const QUEUE_PACKETS = 10_000;

async function main(delayMs: number): Promise<void> {
  const client = await joinMachine("client");
  const server = await joinMachine("server");
  say({ machines: { client: client.pid, server: server.pid } });
  new Router(client.tun, server.tun, delayMs).run();
  Deno.exit();
}

function say(answer: Answer): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(answer)}\n`));
}

/** Makes a namespace, which lasts as long as this program, and gives it its end of an interface. */
async function joinMachine(machine: Machine): Promise<{ pid: number; tun: Tun }> {
  const tun = Tun.open(machine);
  const shell = new Deno.Command("unshare", {
    args: ["--net", "sh", "-e"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const stdin = shell.stdin.getWriter();
  const stdout = shell.stdout.getReader();
  const runThere = async (commands: string) => {
    await stdin.write(new TextEncoder().encode(`${commands}\necho done\n`));
    const { done } = await stdout.read();
    if (done) throw new Error(`the ${machine}'s namespace cannot be set up`);
  };
  // When this has run it is in its namespace.
  await runThere("ip link set lo up");
  await ip("link", "set", tun.name, "netns", String(shell.pid));
  const { IPv4, IPv6 } = ADDRESSES[machine];
  await runThere(`
    ip link set ${tun.name} mtu ${MTU} txqueuelen ${QUEUE_PACKETS} up
    ip address add ${IPv4}/32 dev ${tun.name}
    ip address add ${IPv6}/128 dev ${tun.name} nodad
    ip route add default dev ${tun.name} src ${IPv4} advmss ${MAX_SEGMENT_BYTES}
    ip route add default dev ${tun.name} src ${IPv6} advmss ${MAX_SEGMENT_BYTES}
  `);
  return { pid: shell.pid, tun };
}

async function ip(...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("ip", { args, stdout: "null" }).output();
  if (!success) throw new Error(`ip ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}

/** A packet that is under way. */
interface Carried {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly to: Tun;
  readonly dueMs: number;
}

/** Carries packets. */
class Router {
  readonly #client: Tun;
  readonly #server: Tun;
  readonly #stdin = new Readable(0);
  readonly #delayMs: number;
  /** In order: all take the same time. */
  readonly #carried: Carried[] = [];
  readonly #flows = new Map<number, Flow>();
  readonly #buffer = new Uint8Array(MTU + 1);
  #commands = "";

  constructor(client: Tun, server: Tun, delayMs: number) {
    this.#client = client;
    this.#server = server;
    this.#delayMs = delayMs;
  }

  /** Carries until stdin ends. */
  run(): void {
    const sources = [this.#stdin, this.#client, this.#server];
    for (;;) {
      const [next] = this.#carried;
      const waitMs = next ? Math.max(Math.ceil(next.dueMs - performance.now()), 0) : -1;
      for (const source of readable(sources, waitMs)) {
        if (source instanceof Tun) this.#take(source);
        else if (!this.#obey()) return;
      }
      this.#deliver();
    }
  }

  /** Takes all packets that a machine has sent. */
  #take(from: Tun): void {
    const to = from === this.#client ? this.#server : this.#client;
    for (let length; (length = from.read(this.#buffer)) > 0;) {
      const bytes = this.#buffer.slice(0, length);
      if (!this.#passes(bytes, from)) continue;
      this.#carried.push({ bytes, to, dueMs: performance.now() + this.#delayMs });
    }
  }

  #passes(bytes: Uint8Array, from: Tun): boolean {
    const packet = readPacket(bytes);
    if (packet === null) return false;
    const { transport, sourcePort, destinationPort, payload } = packet;
    if (transport === null) return true;
    const [direction, client, server] = from === this.#client
      ? ["toServer", sourcePort, destinationPort] as const
      : ["toClient", destinationPort, sourcePort] as const;
    return this.#flows.get(server)?.passes(direction, payload, client) ?? true;
  }

  #deliver(): void {
    const nowMs = performance.now();
    let due = 0;
    for (const { bytes, to, dueMs } of this.#carried) {
      if (dueMs > nowMs) break;
      to.write(bytes);
      due++;
    }
    this.#carried.splice(0, due);
  }

  /** @returns false where stdin has ended */
  #obey(): boolean {
    const length = this.#stdin.read(this.#buffer);
    if (length <= 0) return false;
    this.#commands += new TextDecoder().decode(this.#buffer.subarray(0, length));
    const lines = this.#commands.split("\n");
    this.#commands = lines.pop()!;
    for (const line of lines) say(this.#answer(JSON.parse(line)));
    return true;
  }

  #answer(command: Command): Answer {
    if ("report" in command) return this.#flows.get(command.report)!.report();
    this.#flows.set(command.watch.port, new Flow(command.watch));
    return {};
  }
}

if (import.meta.main) await main(Number(Deno.args[0]));
