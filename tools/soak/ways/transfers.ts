/**
 * Bytes of sessions that are there: long ones, unread ones, lost and changed ones.
 *
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import { KeyLimitError, RunError } from "../../../common/base/errors.ts";
import { ENDED, NOT_YET } from "../../../common/base/read_result.ts";
import { feedLent } from "../../../common/openssl/session.ts";
import { shareOfLimits } from "../../../common/openssl/session/sealed_volume.ts";
import { connectedNet, memoryNet } from "../../../common/testing/memory_net.ts";
import { virtualNet } from "../../../common/testing/virtual_net.ts";
import { netOf, NETS } from "../../fuzz/nets.ts";
import { kindOf, runRound } from "../../fuzz/rounds.ts";
import { meeting, NAMES, optionsOf, type Way, type Ways } from "./meeting.ts";

/** Of what one key may seal: some 50,000 bytes. */
const SHARE = 2e-7;

/** The shortest wait that libssl does not take for over. */
const RETRANSMIT_MS = 16;

/** All of them. */
export function transferWays(): Ways {
  const ways: Ways = {};
  for (const name of NAMES) {
    ways[`${name}: messages of all lengths`] = meeting(name, {}, "established", {
      after(net) {
        for (let length = 1; length <= 16_384; length *= 2) {
          net.client.send(new Uint8Array(length));
          net.settle();
        }
      },
    });
    ways[`${name}: a message that nobody reads`] = async () => {
      using net = await connectedNet(optionsOf(name, {}));
      net.client.session!.write(new Uint8Array(1000));
      net.client.session!.drain((bytes) => net.server.session!.feed(bytes.slice()));
    };
    ways[`${name}: as much as one key may seal`] = async () => {
      using _limits = shareOfLimits(SHARE);
      using net = await connectedNet(optionsOf(name, {}));
      try {
        for (let sent = 0; sent < 100; sent++) net.client.send(new Uint8Array(1000));
      } catch (error) {
        if (!(error instanceof KeyLimitError)) throw error;
      }
    };
    ways[`${name}: what nobody sends`] = async () => {
      using net = await connectedNet(optionsOf(name, {}));
      net.client.session!.write(new Uint8Array(1000));
    };
  }
  ways["TLS: bytes that are lent"] = lend;
  ways["DTLS: a flight that is lost and sent again"] = loseFlight;
  ways["TLS: changed bytes"] = changed("tls-handshake", "tls-session");
  ways["DTLS: changed datagrams"] = changed("dtls-handshake", "dtls-session");
  return ways;
}

async function lend(): Promise<void> {
  using net = await connectedNet({ datagram: false });
  net.client.session!.write(new Uint8Array(60_000));
  const sent: Uint8Array[] = [];
  net.client.session!.drain((bytes) => sent.push(bytes.slice()));
  const into = new Uint8Array(16_384);
  let read = 0;
  for (const bytes of sent as Uint8Array<ArrayBuffer>[]) {
    feedLent(net.server.session!, bytes);
    for (let length; (length = net.server.session!.read(into)) !== NOT_YET && length !== ENDED;) {
      read += length;
    }
  }
  if (read !== 60_000) throw new RunError(`${read} bytes have come`);
}

async function loseFlight(): Promise<void> {
  const retransmitAfterMs = () => RETRANSMIT_MS;
  using net = await memoryNet({ client: { retransmitAfterMs }, server: { retransmitAfterMs } });
  let sent = 0;
  // What comes after the hello with the cookie.
  net.passes = () => ++sent !== 4;
  for (let times = 0; times < 100 && !net.client.established; times++) {
    net.run();
    await delay(2);
    net.handleTimeouts();
  }
  if (!net.client.established) throw new RunError("it is not established");
}

/** Rounds of fuzzing, with one seed after the other. */
function changed(...kinds: ReturnType<typeof kindOf>[]): Way {
  let seed = 0;
  return async () => {
    while (!kinds.includes(kindOf(seed))) seed++;
    using net = await virtualNet(NETS[netOf(seed)]);
    await runRound(net, seed++);
  };
}
