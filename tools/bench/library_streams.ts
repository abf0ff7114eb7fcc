/**
 * What a stream costs over TLS with this library, with Deno's own TLS, and with node:tls on Deno. The
 * receivers are processes of their own; tools/bench/streams.ts tells what CPU time each end takes.
 *
 * @module
 */
import { generateCertificates } from "../../certs/generate.ts";
import type { Need } from "./obstacles.ts";
import { CONNECT, type StreamEnd } from "./stream_ends.ts";
import { STREAM_PEERS, STREAM_WAYS, type StreamPeer, type StreamWay } from "./stream_plan.ts";
import { StreamProcess } from "./stream_process.ts";

/** So much is sent in an iteration, and answered with one byte. */
const ROUND_MIB = 16;
const ROUND_BYTES = ROUND_MIB * 2 ** 20;

/** What runs. */
const receivers: StreamProcess[] = [];

/**
 * Registers the group "library: TLS streams" of each way.
 *
 * @param whyNot what is not there on this machine, see {@linkcode Need}
 */
export function registerStreams(whyNot: (need: Need) => string | null): void {
  const ignore = whyNot("processes") !== null || whyNot("OpenSSL") !== null;
  for (const way of STREAM_WAYS) for (const peer of STREAM_PEERS) register(peer, way, ignore);
  addEventListener("unload", closeStreams);
}

/** Ends the receivers. */
export function closeStreams(): void {
  for (const receiver of receivers) receiver.kill();
}

function register(peer: StreamPeer, way: StreamWay, ignore: boolean): void {
  let sender: Promise<StreamEnd> | undefined;
  Deno.bench({
    name: `library: TLS stream of ${ROUND_MIB} MiB, ${way}, ${peer}`,
    group: `library: TLS streams, ${way}`,
    baseline: peer === "Deno",
    ignore,
    fn: async () => {
      const end = await (sender ??= connect(peer, way));
      await end.send(ROUND_BYTES);
      if (!await end.receive(1)) throw new Error("the receiver has gone");
    },
  });
}

async function connect(peer: StreamPeer, way: StreamWay): Promise<StreamEnd> {
  const { ca, server } = await generateCertificates();
  const rounds = [ROUND_BYTES];
  const receiver = new StreamProcess({ role: "receiver", peer, way, ca, server, port: 0, rounds });
  receivers.push(receiver);
  return await CONNECT[peer](await receiver.port(), ca, way);
}
