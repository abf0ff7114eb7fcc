import { RunError } from "../../common/base/errors.ts";
import { parseOptions } from "../../common/cli/options.ts";
import { LANES } from "../../common/model/lanes.ts";
import { laneNamed } from "../../common/testing/pairs.ts";
import { assertEquals, assertThrows } from "../../common/testing/assert.ts";
import { exchangeArguments, startQuestion } from "./lane_arguments.ts";
import { readQuestion } from "./messages.ts";

const DEFAULTS = { resume: false, cpu: null };

Deno.test("startQuestion() and exchangeArguments() say the same as the arguments that they are of", () => {
  for (
    const line of [
      "",
      "--sizes 100,999 --repeat 7",
      "--sizes 100 --seconds 3 --connect once --no-reply --clients 4",
      "--wait-ms 20 --timeout-ms 700",
      "--rate 12.5 --clients 4",
    ]
  ) {
    const args = line === "" ? [] : line.split(" ");
    for (const lane of LANES) {
      const question = startQuestion({ ...DEFAULTS, lane, args }, 5);
      assertEquals(readQuestion(JSON.parse(JSON.stringify(question))), question);
      const [wanted, made] = [args, exchangeArguments(question)].map((args) =>
        parseOptions(lane.protocol, "server", args)
      );
      assertEquals(made, wanted);
    }
  }
});

Deno.test("startQuestion() and exchangeArguments() tell the groups of lanes on OpenSSL", () => {
  const lane = laneNamed("tls-async-openssl");
  const args = ["--groups", "*X25519MLKEM768/X25519:P-256"];
  const question = startQuestion({ ...DEFAULTS, lane, args }, 0);
  assertEquals(question.groups, args[1]);
  assertEquals(exchangeArguments(question).slice(-4, -2), args);
});

Deno.test("startQuestion() refuses what an agent is not told", () => {
  const ask = (...args: string[]) =>
    startQuestion({ ...DEFAULTS, lane: laneNamed("dtls-sync-openssl"), args }, 0);
  assertThrows(() => ask("--idle-timeout-ms", "7"), RunError, 'cannot be told "idleTimeoutMs"');
  assertThrows(() => ask("--ciphers", "NULL"), RunError, 'cannot be told "ciphers"');
});
