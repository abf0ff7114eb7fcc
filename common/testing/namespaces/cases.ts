/**
 * What pairs run between two machines, and what the network does to them.
 *
 * @module
 */
import type { Lane } from "../../model/lanes.ts";
import { laneNamed, lanesOf } from "../pairs.ts";
import type { IpVersion } from "./addresses.ts";
import type { NetworkRun } from "./runs.ts";

/** Behaviours, each with the runs that show it. */
export type Cases = Record<string, NetworkRun[]>;

const HIGH_LOSS = 0.2;
const FEW = { sizes: [100, 10_200], repeat: 2 };
const MANY = { sizes: [100, 1000, 10_200], repeat: 20 };
const ONCE = ["--connect", "once"];
const ONE_WAY = [...ONCE, "--no-reply", "--wait-ms", "2"];

/** Longer than any answer takes that is not dropped, on a busy machine. */
const SHORT = ["--timeout-ms", "1500"];

/** Longer than TCP repeats segments, and DTLS its handshake's datagrams. */
const LONG = ["--timeout-ms", "60000"];

type Loss = NetworkRun["loss"];

function run(
  lane: string,
  version: IpVersion,
  args: readonly string[],
  loss: Partial<Loss>,
): NetworkRun {
  return { lane: laneNamed(lane), version, ...FEW, args, loss: { loss: 0, seed: 1, ...loss } };
}

/** Eight messages: rows of the packets that carry them or their answers, from and up to a number. */
const ROWS = {
  "the first messages": { toServer: [[0, 3]], toClient: [] },
  "messages of the last size": { toServer: [[3, 6]], toClient: [] },
  "answers to messages of the last size": { toServer: [], toClient: [[3, 6]] },
  "the last message and copies": { toServer: [[7, 20]], toClient: [] },
  "answers to the last message and copies": { toServer: [], toClient: [[7, 20]] },
} as const satisfies Record<string, Loss["drops"]>;

/** A server that waits as long as for two lost messages, and no longer, ends too early. */
function row(lane: string, version: IpVersion, of: keyof typeof ROWS): NetworkRun {
  const loss = { drops: ROWS[of], spares: "handshakes" } as const;
  const args = [...ONCE, "--timeout-ms", "1000"];
  return { ...run(lane, version, args, loss), sizes: [100], repeat: 8 };
}

/** Few messages, with seeds and lists that drop something each. */
export function fewCases(): Cases {
  const lossy = (seed: number) => ({ loss: HIGH_LOSS, seed, spares: "handshakes" as const });
  const flights = { drops: { toServer: [[0, 1], [3, 4]], toClient: [[1, 2]] } } as const;
  const segments = {
    drops: { toServer: [[4, 5], [9, 10]], toClient: [[3, 4], [8, 9]] },
  } as const;
  return {
    "all messages and answers are counted that the network loses": [
      run("udp-async", "IPv4", SHORT, lossy(9)),
      run("udp-sync", "IPv6", SHORT, lossy(25)),
      run("dtls-async-openssl", "IPv6", [...ONCE, ...SHORT], lossy(9)),
      run("dtls-sync-openssl", "IPv4", SHORT, lossy(10)),
      run("udp-async", "IPv6", ["--no-reply"], lossy(9)),
    ],
    "a row of losses is not the end": [
      row("udp-async", "IPv4", "messages of the last size"),
      row("dtls-sync-openssl", "IPv6", "messages of the last size"),
      row("dtls-async-openssl", "IPv4", "the last message and copies"),
      row("udp-sync", "IPv6", "answers to the last message and copies"),
    ],
    "no message is lost where the network drops parts of a handshake": [
      run("dtls-async-openssl", "IPv4", [...ONCE, ...LONG], flights),
      run("dtls-sync-openssl", "IPv6", [...ONCE, ...LONG], flights),
    ],
    "streams lose nothing of what the network drops": [
      run("tcp-async", "IPv6", LONG, segments),
      run("tcp-sync", "IPv4", [...ONCE, ...LONG], segments),
      run("tls-async-rustls", "IPv4", [...ONCE, ...LONG], segments),
      run("tls-sync-openssl", "IPv6", LONG, segments),
    ],
    "lanes that spin wait for a slow network": [
      run("tcp-spin", "IPv4", [], {}),
      run("dtls-spin-openssl", "IPv6", ONCE, {}),
    ],
  };
}

/** Every lane with every loss; another seed drops other things. */
export function allCases(seed: number): Cases {
  const cases: Cases = {};
  for (const version of ["IPv4", "IPv6"] as const) {
    for (const loss of [0, 0.01, HIGH_LOSS]) {
      const own = casesWith(version, loss, seed);
      const where = `with ${version} and ${loss * 100} % loss`;
      for (const [name, runs] of Object.entries(own)) cases[`${where}: ${name}`] = runs;
    }
    for (const of of Object.keys(ROWS) as (keyof typeof ROWS)[]) {
      const lanes = lanesOf("udp", "dtls");
      cases[`with ${version}: a row of losses, ${of}`] = lanes.map(({ name }) =>
        row(name, version, of)
      );
    }
  }
  return cases;
}

function casesWith(version: IpVersion, loss: number, seed: number): Cases {
  const runs = (
    lanes: readonly Lane[],
    count: Pick<NetworkRun, "sizes" | "repeat">,
    args: readonly string[],
    spares?: Loss["spares"],
  ) => lanes.map(({ name }) => ({ ...run(name, version, args, { loss, seed, spares }), ...count }));
  const [streams, udp, dtls] = [lanesOf("tcp", "tls"), lanesOf("udp"), lanesOf("dtls")];
  return {
    "streams": [
      ...runs(streams, FEW, LONG),
      ...runs(streams, MANY, [...ONCE, ...LONG]),
    ],
    "messages over UDP": runs(udp, MANY, SHORT),
    "messages over DTLS": [
      ...runs(dtls, MANY, [...ONCE, ...SHORT], "handshakes"),
      ...runs(dtls, FEW, SHORT, "handshakes"),
    ],
    "no answers": runs([...udp, ...dtls], MANY, ONE_WAY, "handshakes"),
    "handshakes of DTLS": runs(dtls, FEW, LONG, "messages"),
    "handshakes and messages of DTLS": runs(dtls, FEW, []),
  };
}
