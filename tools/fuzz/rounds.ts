/**
 * Rounds of fuzzing on a network in memory: what a seed does to a handshake or to a session, and
 * what has to hold whatever that was.
 *
 * @module
 */
import { randomNumbers } from "../../common/base/random.ts";
import { OpenSslError } from "../../common/openssl/bindings/errors.ts";
import type { Role } from "../../common/model/protocol.ts";
import { DELAY_MS, faithful, type Fate } from "../../common/testing/fates.ts";
import { type End, type MemoryNet, memoryNet, type Sent } from "../../common/testing/memory_net.ts";
import type { VirtualNet } from "../../common/testing/virtual_net.ts";
import { netOf } from "./nets.ts";
import { below, type Bytes, isChanged, mutate, mutateStream, type Random } from "./mutator.ts";

/** Something that should never be. */
export class Finding extends Error {
  override name = "Finding";
}

/** What a round is made of, and what it made. */
export interface Round {
  random: Random;
  /** Everything that arrived changed, in its order. */
  changed: Sent[];
}

/** Of other sessions; so many are kept. */
const MAX_OTHERS = 200;
const others: Bytes[] = [];

function remember(bytes: Bytes): void {
  if (others.length < MAX_OTHERS) others.push(bytes);
}

/** Virtual milliseconds after which all of a handshake's waits are over, at both ends. */
const PATIENCE_MS = 2 * 483_000;

const MESSAGE = { client: new Uint8Array(40).fill(3), server: new Uint8Array(41).fill(4) } as const;

/** The kinds of rounds, by their names. */
export const ROUNDS = {
  "dtls-handshake": dtlsHandshake,
  "dtls-session": dtlsSession,
  "tls-handshake": (_: VirtualNet, round: Round) => tls(round, false),
  "tls-session": (_: VirtualNet, round: Round) => tls(round, true),
} as const satisfies Record<string, (net: VirtualNet, round: Round) => Promise<void>>;

export type RoundKind = keyof typeof ROUNDS;

/** The kind of round that a seed is for: all of them in turn. */
export function kindOf(seed: number): RoundKind {
  const kinds = Object.keys(ROUNDS) as RoundKind[];
  // A round of TLS costs a tenth of one of DTLS, whose timers are waited for.
  return kinds[seed % kinds.length]!;
}

/**
 * Runs one round.
 *
 * @param net that of the seed, see {@linkcode netOf}; the same one for many rounds, one after the other
 * @returns what arrived changed
 * @throws {Finding} with `cause`, where something did not hold
 */
export async function runRound(net: VirtualNet, seed: number): Promise<Sent[]> {
  const round: Round = { random: randomNumbers(seed), changed: [] };
  try {
    await ROUNDS[kindOf(seed)](net, round);
  } catch (cause) {
    throw new FailedRound(kindOf(seed), seed, round.changed, cause);
  }
  return round.changed;
}

/** A round that found something. */
export class FailedRound extends Error {
  override name = "FailedRound";

  constructor(
    readonly kind: RoundKind,
    readonly seed: number,
    readonly changed: readonly Sent[],
    cause: unknown,
  ) {
    super(`${kind}, seed ${seed}, network "${netOf(seed)}": ${cause}`, { cause });
  }
}

/** Changes some of what is sent, some of it in another order, and records what has changed. */
export function changing(round: Round, share: number): Fate {
  const { random, changed } = round;
  return (sent, index) => {
    remember(sent.bytes);
    if (random() >= share) return faithful(sent, index);
    const made = mutate(sent.bytes, random, others);
    // The true one comes, too, before or after: a stranger adds datagrams and takes none away.
    if (random() < 0.5) made.splice(below(random, 2) * made.length, 0, sent.bytes);
    return made.map((bytes) => {
      if (isChanged(bytes, sent.bytes)) changed.push({ from: sent.from, bytes });
      return { bytes, delayMs: DELAY_MS + (random() < 0.2 ? random() * 1500 : 0) };
    });
  };
}

async function dtlsHandshake(net: VirtualNet, round: Round): Promise<void> {
  const resumed = round.random() < 0.3;
  const session = resumed ? await net.session() : undefined;
  net.fate = changing(round, 0.1 + 0.4 * round.random());
  await net.connect(session);
  if (net.nowMs > PATIENCE_MS) throw new Finding(`it took ${net.nowMs} ms`);
  checkErrors(net.client, net.server);
  checkInboxes(net);
  if (net.outcome === "established/established") await checkTalks(net);
  // Whatever came before, a client that keeps to the protocol is served.
  net.fate = faithful;
  await net.connect();
  if (net.outcome !== "established/established") {
    throw new Finding(`the next handshake: ${net.outcome} ${net.client.error} ${net.server.error}`);
  }
}

async function dtlsSession(net: VirtualNet, round: Round): Promise<void> {
  net.fate = faithful;
  await net.connect();
  net.fate = changing(round, 1);
  for (let times = 1 + below(round.random, 20); times > 0; times--) {
    const from: Role = round.random() < 0.5 ? "client" : "server";
    net[from].send(MESSAGE[from]);
    await net.settle();
  }
  checkErrors(net.client, net.server);
  if (net.outcome !== "established/established") throw new Finding(`lost: ${net.outcome}`);
  checkInboxes(net);
  await checkTalks(net);
}

async function tls(round: Round, established: boolean): Promise<void> {
  using net = await memoryNet({ datagram: false });
  if (established) net.run();
  const { random } = round;
  const share = 0.05 + 0.3 * random();
  const arriving: Sent[] = [];
  net.passes = (sent) => {
    remember(sent.bytes);
    const isChanged = random() < share;
    const pieces = isChanged ? mutateStream(sent.bytes, random, others) : [sent.bytes];
    for (const bytes of pieces) {
      arriving.push({ from: sent.from, bytes });
      if (isChanged) round.changed.push({ from: sent.from, bytes });
    }
    return false;
  };
  if (!established) net.run();
  deliverAll(net, arriving);
  for (let times = 0; times < 10 && net.client.established && net.server.established; times++) {
    const from: Role = random() < 0.5 ? "client" : "server";
    if (net[from].error !== null) break;
    net[from].send(MESSAGE[from]);
    deliverAll(net, arriving);
  }
  checkErrors(net.client, net.server);
  checkInboxes(net);
}

/** No end answers for ever. */
const MAX_DELIVERIES = 2000;

function deliverAll(net: MemoryNet, arriving: Sent[]): void {
  for (let count = 0; arriving.length > 0; count++) {
    if (count > MAX_DELIVERIES) throw new Finding("the ends do not come to rest");
    net.deliver(arriving.shift()!);
  }
}

/** An end fails with what the library says that it fails with. */
export function checkErrors(...ends: readonly End[]): void {
  for (const { error } of ends) {
    if (error !== null && !(error instanceof OpenSslError)) {
      throw new Finding("an end has failed with an error that is not the library's", {
        cause: error,
      });
    }
  }
}

/** Every byte that comes out is one that was sent. */
function checkInboxes({ client, server }: { client: End; server: End }): void {
  for (const [end, byte] of [[client, 4], [server, 3]] as const) {
    if (end.inbox.some((message) => message.some((is) => is !== byte))) {
      throw new Finding("something came out that was never sent");
    }
  }
}

/** Both ends of a session of DTLS exchange messages. */
export async function checkTalks(net: VirtualNet): Promise<void> {
  for (const { inbox } of [net.client, net.server]) inbox.length = 0;
  if (!await net.talk()) throw new Finding("a message did not arrive as it was");
}
