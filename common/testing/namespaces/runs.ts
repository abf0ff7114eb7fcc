/**
 * Pairs that run between two machines, and what both ends say of it beside what the network knows.
 *
 * @module
 */
import { type Lane, LANES } from "../../model/lanes.ts";
import type { RunResult } from "../../measure/result.ts";
import type { Role } from "../../model/protocol.ts";
import { assert } from "../assert.ts";
import { readDocument, type Workplace } from "../pairs.ts";
import { type Kind, kindOf, type RunningScript, ScriptHosts } from "../script_hosts.ts";
import type { Ending } from "../../../tools/lib/children.ts";
import type { IpVersion } from "./addresses.ts";
import type { EachWay, FlowRule } from "./flow.ts";
import { TwoMachines } from "./two_machines.ts";

/** A run, and what the network does to it. */
export interface NetworkRun {
  readonly lane: Lane;
  readonly version: IpVersion;
  /** Messages of each size, and how many of each. */
  readonly sizes: readonly number[];
  readonly repeat: number;
  /** More arguments, for both ends. */
  readonly args: readonly string[];
  readonly loss: Pick<FlowRule, "loss" | "seed" | "spares" | "drops">;
}

/** What came of a run. */
export interface NetworkRunEnding {
  readonly client: Ending;
  readonly server: Ending;
  /** What the ends' documents count as lost; null where an end has written none. */
  readonly counted: EachWay | null;
  /** What the network has dropped of messages and answers. */
  readonly lost: EachWay;
  /** All packets that it has dropped. */
  readonly dropped: EachWay;
  /** Shortest time of a message and its answer, in microseconds; null where there is none. */
  readonly shortestUs: number | null;
}

/** The machines and what runs on them. */
export class Network implements AsyncDisposable {
  readonly #machines: TwoMachines;
  readonly #hosts: Record<Role, ScriptHosts>;
  /** Of each kind, what waits until one of those ends that run. */
  readonly #turns: Record<Kind, Turns>;

  private constructor(machines: TwoMachines, atOnce: Record<Kind, number>) {
    this.#machines = machines;
    this.#hosts = {
      client: new ScriptHosts(machines.onMachine("client")),
      server: new ScriptHosts(machines.onMachine("server")),
    };
    for (const kind of Object.keys(atOnce) as Kind[]) {
      const lanes = LANES.filter((lane) => kindOf(lane) === kind);
      for (const hosts of Object.values(this.#hosts)) hosts.add(lanes, atOnce[kind]);
    }
    this.#turns = {
      "with FFI": new Turns(atOnce["with FFI"]),
      "without FFI": new Turns(atOnce["without FFI"]),
    };
  }

  /**
   * @param roundTripMs of its packets
   * @param atOnce how many runs of a kind there are at the same time
   */
  static async start(roundTripMs: number, atOnce: Record<Kind, number>): Promise<Network> {
    return new Network(await TwoMachines.start(roundTripMs), atOnce);
  }

  /**
   * Runs a pair to its end, when it is its turn.
   *
   * @param place with certificates for the server's address
   */
  async run(run: NetworkRun, place: Workplace): Promise<NetworkRunEnding> {
    using _turn = await this.#turns[kindOf(run.lane)].take();
    return await this.#run(run, place);
  }

  async #run(run: NetworkRun, place: Workplace): Promise<NetworkRunEnding> {
    const { lane, version, loss, sizes, repeat } = run;
    const machines = this.#machines;
    const port = machines.freePort();
    const messages = sizes.length * repeat;
    await machines.watch({ ...loss, port, messages, carries: CARRIED[lane.protocol] });
    const args = [
      ...["--host", machines.addressOf("server", version), "--port", String(port)],
      ...["--sizes", sizes.join(), "--repeat", String(repeat), "--json", "-", "--quiet"],
      ...run.args,
    ];
    const start = (role: Role) => {
      const script = this.#hosts[role].start({
        lane,
        role,
        certs: place.dir,
        results: place.dir,
        args,
      });
      assert(script, `no host for ${lane.name}`);
      return script;
    };
    const server = start("server");
    if (await server.port === null) throw new Error(`no server: ${(await server.ended).stderr}`);
    const client = start("client");
    using _limit = endLate([client, server]);
    const clientEnding = await client.ended;
    if (clientEnding.code !== 0) server.kill("SIGTERM");
    return ending(clientEnding, await server.ended, await machines.report(port));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Object.values(this.#hosts).map((hosts) => hosts.close()));
    await this.#machines[Symbol.asyncDispose]();
  }
}

/** A run that takes so long does not end by itself. */
const LONGEST_MS = 300_000;
const GRACE_MS = 5000;

/** Ends scripts that do not end, which exit codes show. */
function endLate(scripts: readonly RunningScript[]): Disposable {
  const endAfter = (ms: number, signal: Deno.Signal) =>
    setTimeout(() => scripts.forEach((script) => script.kill(signal)), ms);
  const timers = [endAfter(LONGEST_MS, "SIGTERM"), endAfter(LONGEST_MS + GRACE_MS, "SIGKILL")];
  return { [Symbol.dispose]: () => timers.forEach(clearTimeout) };
}

/** Lets some go on at the same time, and the others after them. */
class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(free: number) {
    this.#free = free;
  }

  /** @returns to be disposed of at the turn's end */
  async take(): Promise<Disposable> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return {
      [Symbol.dispose]: () => {
        const next = this.#waiting.shift();
        if (next) next();
        else this.#free++;
      },
    };
  }
}

const CARRIED = { tcp: "stream", tls: "stream", udp: "messages", dtls: "dtls" } as const;

function ending(
  client: Ending,
  server: Ending,
  { lost, dropped }: { lost: EachWay; dropped: EachWay },
): NetworkRunEnding {
  const ends = [client, server].map(runOf);
  const [sender, receiver] = ends;
  const answered = sender?.reply ? sender.sizes : [];
  const shortest = answered.map(({ messageUs }) => messageUs.min).filter((us) => us !== null);
  return {
    client,
    server,
    counted: sender && receiver ? countedBy(sender, receiver) : null,
    lost,
    dropped,
    shortestUs: shortest.length > 0 ? Math.min(...shortest) : null,
  };
}

function runOf({ stdout }: Ending): RunResult | null {
  return stdout === "" ? null : readDocument(stdout).runs[0]!;
}

/** What was sent and never arrived, as the two ends know it. */
function countedBy(client: RunResult, server: RunResult): EachWay {
  const sent = total(client, ({ sent }) => sent);
  const missing = total(server, ({ lost }) => lost);
  const planned = total(server, ({ sent }) => sent);
  const received = planned - missing;
  const toClient = client.reply ? received - total(client, ({ answered }) => answered) : 0;
  return { toServer: sent - received, toClient };
}

function total(run: RunResult, figure: (size: RunResult["sizes"][number]) => number | null) {
  return run.sizes.reduce((sum, size) => sum + (figure(size) ?? NaN), 0);
}
