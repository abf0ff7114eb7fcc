/**
 * What a message costs on every lane, in a table: `deno task bench`, with `--filter` and `--json`.
 *
 * The lanes' servers are processes of their own, started when a lane's turn has come. One iteration
 * is one message of the pair's own client, from its first step to its place in the statistics.
 *
 * `NETPAIRS_BENCH=all` measures all 22 sizes in all modes, which takes some 20 minutes.
 *
 * @module
 */
import { InterruptedError, reportError } from "./common/base/errors.ts";
import { onEndSignals } from "./common/cli/signals.ts";
import { registerBasics } from "./tools/bench/basics.ts";
import { registerDtlsLibrary } from "./tools/bench/dtls_library.ts";
import { registerKeyExchange } from "./tools/bench/key_exchange.ts";
import { CERTS, LaneStage } from "./tools/bench/lane_stage.ts";
import { casesOf, sizesOfBench } from "./tools/bench/matrix.ts";
import { closeStreams, registerStreams } from "./tools/bench/library_streams.ts";
import { readVariable, whyNot, whyNotAll } from "./tools/bench/obstacles.ts";

registerBasics(whyNot);
await registerLanes();
registerKeyExchange(whyNot);
await registerDtlsLibrary(whyNot).catch(endWith);
registerStreams(whyNot);

/** A case's group says what its lanes have in common, so that TCP is what the others build on. */
async function registerLanes(): Promise<void> {
  const stage = new LaneStage();
  const why = await whyNotAll(CERTS);
  for (const bench of casesOf(sizes())) {
    const { lane, mode, sizeBytes } = bench;
    Deno.bench({
      name: `${lane.name} ${mode} ${sizeBytes} B`,
      group: `${mode === "once" ? "one connection" : "a connection per message"}, ` +
        `${sizeBytes} bytes, ${lane.io}`,
      baseline: lane.protocol === "tcp",
      ignore: why.has(lane),
      // The server is started in the warm-up, which Deno has before every measurement.
      fn: async () => {
        if (stage.playing !== bench) await stage.play(bench);
        await stage.exchange();
      },
    });
  }
  addEventListener("unload", () => void stage.close());
  onEndSignals(() => {
    void stage.close();
    closeStreams();
    // Deno refuses an exit in the middle of a benchmark; with an error it ends at once, exit code 1.
    throw new InterruptedError("interrupted");
  });
}

/** A variable whose value is none ends the program. */
function endWith(error: unknown): never {
  Deno.exit(reportError(error));
}

/** The sizes that the environment asks for; a value that is none ends the program. */
function sizes() {
  try {
    return sizesOfBench(readVariable("NETPAIRS_BENCH"));
  } catch (error) {
    endWith(error);
  }
}
