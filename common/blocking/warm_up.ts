/**
 * The warm-up of a blocking exchange, before its first message.
 *
 * V8 makes its best code of a function after some 3000 calls, and only that code calls C at full
 * speed: before, each call costs half a microsecond more. A run of a few thousand messages would
 * measure little else. So each end goes through the whole exchange with a peer of its own in the
 * same thread, over loopback, and forgets the outcome.
 *
 * @module
 */
import { describe, InterruptedError } from "../base/errors.ts";
import { say } from "../base/say.ts";
import { watchSetup } from "../base/setup_steps.ts";
import { keepsKeys } from "../exchange/key_log.ts";
import type { PairOptions } from "../model/pair_options.ts";
import { TlsContext } from "../openssl/context.ts";
import { type BlockingPair, runPass } from "./warm_up_pass.ts";

/**
 * Messages of each pass over one connection that every run has: V8 drops the code of a function
 * that comes to a place where it never was, so these go from a connection's beginning to its end.
 */
export const SHORT_PASSES: readonly number[] = Array(3).fill(20);

/**
 * Messages of each pass after them. A pass begins in slower code again, which calls one function
 * after the other, where the best code is one piece made of all of them: several passes give each
 * function its own best code, too.
 */
export const LONG_PASSES: readonly number[] = Array(4).fill(2500);

/**
 * Connections of each pass of a run that makes one for every message. The first hundreds of
 * handshakes take a fifth of a millisecond longer, the first of TCP's connections some microseconds.
 * No pass has more than the run itself.
 */
export const CONNECTION_PASSES: readonly number[] = [20, 20, 500];

/** A run of fewer messages would be over long before the first long pass. */
const MESSAGES_WORTH_IT = 100;

/** A run has one long pass for so many messages that it begins, up to all of them. */
const MESSAGES_PER_LONG_PASS = 125;

type Connect = PairOptions["connect"];

/**
 * Goes through the exchange of the end that the options are for.
 *
 * @returns how many messages were exchanged, which a run can do without
 */
export async function warmUp(options: PairOptions, pair: BlockingPair): Promise<number> {
  return await warmUpAll(
    options,
    (connect, messages) => runPass(options, connect, messages, pair),
  );
}

/** As {@linkcode warmUp}, with a pre-shared key for the certificates that only the peer has. */
export async function warmUpSecure(
  options: PairOptions,
  pair: BlockingPair<[TlsContext]>,
): Promise<number> {
  const key = crypto.getRandomValues(new Uint8Array(32));
  const psk = { identity: "warm-up", key };
  // Its keys are nobody's, wherever the run's go.
  const keyLog = keepsKeys(options) ? () => {} : undefined;
  const settings = { datagram: options.protocol === "dtls", keyLog };
  return await warmUpAll(options, async (connect, messages) => {
    using serverContext = new TlsContext({ ...settings, role: "server", pskLookup: () => key });
    using clientContext = new TlsContext({ ...settings, role: "client", psk });
    return await runPass(options, connect, messages, {
      client: (options, loop, servers) => pair.client(options, loop, servers, clientContext),
      server: (options, loop, hostname) => pair.server(options, loop, hostname, serverContext),
    });
  });
}

/** @param passOf returns how many of the messages were exchanged */
async function warmUpAll(
  { protocol, connect, plan, clients, forever }: PairOptions,
  passOf: (connect: Connect, messages: number) => Promise<number>,
): Promise<number> {
  const isOpen = forever || plan.seconds !== undefined;
  const messages = isOpen ? Infinity : plan.sizes.length * plan.repeat * clients;
  const longPasses = LONG_PASSES.slice(0, Math.ceil(messages / MESSAGES_PER_LONG_PASS));
  const connections = connect === "message" || forever ? messages : plan.sizes.length * clients;
  let exchanged = 0;
  // What it sets up is not the run's.
  const watcher = watchSetup(undefined);
  try {
    for (const count of SHORT_PASSES) exchanged += await passOf("once", count);
    if (messages < MESSAGES_WORTH_IT) return exchanged;
    for (const count of longPasses) exchanged += await passOf("once", count);
    if (protocol === "udp" || connect === "once") return exchanged;
    for (const count of CONNECTION_PASSES) {
      exchanged += await passOf("message", Math.min(count, connections));
    }
  } catch (error) {
    // The run begins without the rest.
    if (!(error instanceof InterruptedError)) {
      say(`warning: the warm-up has failed, first messages take longer: ${describe(error)}`);
    }
  } finally {
    watchSetup(watcher);
  }
  return exchanged;
}
