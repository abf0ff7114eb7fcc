/**
 * What ever failed, in files of text that the gate plays again.
 *
 * A line is one datagram, or one piece of a stream, in hexadecimal digits, behind `>` where it goes to
 * the server and `<` where it goes to the client. What follows a `#` is for people. The names of
 * files begin with "dtls" or "tls".
 *
 * @module
 */
import { describe, UsageError } from "../../common/base/errors.ts";
import { print } from "../../common/base/output.ts";
import { shownArgument } from "../../common/base/visible.ts";
import { fromFileUrl, join } from "../../common/base/std.ts";
import { faithful } from "../../common/testing/fates.ts";
import { connectedNet, memoryNet, type Sent } from "../../common/testing/memory_net.ts";
import type { VirtualNet } from "../../common/testing/virtual_net.ts";
import { checkErrors, checkTalks, type FailedRound, Finding } from "./rounds.ts";

/** Where the files are. */
export const CORPUS: string = fromFileUrl(new URL("./corpus/", import.meta.url));

/** The text of a file. */
export function corpusText(about: string, all: readonly Sent[]): string {
  const comment = about.split("\n").map((line) => `# ${line}\n`).join("");
  return comment +
    all.map(({ from, bytes }) => `${from === "client" ? ">" : "<"} ${bytes.toHex()}\n`).join("");
}

/**
 * Reads such a text.
 *
 * @throws {SyntaxError} naming the line that is none
 */
export function parseCorpus(text: string): Sent[] {
  return text.split("\n").flatMap((line, i) => {
    const said = line.replace(/#.*/, "").trim();
    if (said === "") return [];
    const [, arrow, digits] = /^([<>]) *((?:[0-9a-f]{2})*)$/i.exec(said) ?? [];
    if (digits === undefined) throw new SyntaxError(`line ${i + 1} is no datagram in hexadecimal`);
    return [{ from: arrow === ">" ? "client" : "server", bytes: Uint8Array.fromHex(digits) }];
  });
}

/**
 * Makes sure that files can be written into a folder, which it makes.
 *
 * @throws {UsageError} naming it
 */
export function checkFolder(folder: string): void {
  try {
    Deno.mkdirSync(folder, { recursive: true });
    Deno.removeSync(Deno.makeTempFileSync({ dir: folder }));
  } catch (cause) {
    const line = `--output ${shownArgument(folder)}: no file can be written there`;
    throw new UsageError(`${line}: ${describe(cause)}`, { cause });
  }
}

/** Says what a round has found, with its seed, and keeps it in a file of its own, if that can be. */
export function tellRound(folder: string, { kind, seed, changed, message }: FailedRound): void {
  print(`${message}\n`);
  const path = join(folder, `${kind}-${seed}.txt`);
  try {
    Deno.mkdirSync(folder, { recursive: true });
    Deno.writeTextFileSync(path, corpusText(`${message}\nagain: --seed ${seed}`, changed));
    print(`  kept in ${path}\n`);
  } catch (error) {
    print(`  not kept in ${path}: ${describe(error)}\n`);
  }
}

/**
 * Plays a file on DTLS: before a handshake, in the midst of it, and within a session.
 *
 * @throws {Finding} where something did not hold
 */
export async function playDtls(net: VirtualNet, all: readonly Sent[]): Promise<void> {
  const added = (after: boolean) => (sent: Sent, index: number) => {
    const arrivals = all.filter(({ from }) => from === sent.from)
      .flatMap((other) => faithful(other, index));
    return after
      ? [...faithful(sent, index), ...arrivals]
      : [...arrivals, ...faithful(sent, index)];
  };
  for (const after of [false, true]) {
    net.fate = added(after);
    await net.connect();
    checkErrors(net.client, net.server);
  }
  net.fate = faithful;
  await net.connect();
  net.fate = added(true);
  net.client.send(new Uint8Array(9));
  net.server.send(new Uint8Array(9));
  await net.settle();
  checkErrors(net.client, net.server);
  if (net.outcome !== "established/established") throw new Finding(`lost: ${net.outcome}`);
  await checkTalks(net);
}

/** Plays a file on TLS: instead of a handshake, and behind one. */
export async function playTls(all: readonly Sent[]): Promise<void> {
  for (const make of [memoryNet, connectedNet]) {
    using net = await make({ datagram: false });
    for (const sent of all) net.deliver(sent);
    checkErrors(net.client, net.server);
  }
}
