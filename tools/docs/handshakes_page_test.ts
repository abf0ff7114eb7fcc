import { dirname, join } from "../../common/base/std.ts";
import { IDENTITIES } from "../../common/openssl/bindings/identity_symbols.ts";
import { LIBCRYPTO, LIBSSL } from "../../common/openssl/bindings/symbols.ts";
import { assert, assertEquals, assertMatch } from "../../common/testing/assert.ts";
import { laneNamed, Workplace } from "../../common/testing/pairs.ts";
import { hostScripts } from "../../common/testing/script_hosts.ts";
import { type Ending, ROOT } from "../lib/children.ts";
import {
  type EndCommand,
  endsOf,
  handshakesPage,
  PAGE,
  runEnds,
  type StartEnd,
} from "./handshakes_page.ts";

hostScripts([laneNamed("dtls-sync-openssl")]);

const page = await Deno.readTextFile(PAGE);

/** Starts the ends of a test, with its certificates. */
function startIn(place: Workplace): StartEnd {
  return ({ lane, role, args }) => place.start(lane, role, args);
}

/** A text without what differs from run to run: times, counts of bytes, ports. */
function lasting(text: string): string {
  return text.replace(/^ +\d+ /gm, "us ").replace(/\d+ bytes/g, "bytes").replace(/:\d+/g, "")
    .replace(/^(computed: about )\d+( ms at 20 ms a round trip, )\d+/gm, "$1$2")
    .replace(/OpenSSL \d.*? \d{4}/g, "OpenSSL");
}

/** So often a run is drawn again in which a busy machine has made an end send something twice. */
const MAX_DRAWN = 3;

Deno.test("docs/handshakes.md has the diagrams that its commands draw now", async () => {
  await using place = await Workplace.make();
  let drawn = "";
  for (let i = 0; i < MAX_DRAWN; i++) {
    drawn = await handshakesPage(page, startIn(place));
    if (!/\| (?:\* )?sent again/.test(drawn)) break;
  }
  assertEquals(lasting(drawn), lasting(page), "draw them with: deno task docs --handshakes");
  const arrows = page.match(/^ +\d+ (?:\|- \w+ -+>\||\|<-+ \w+ -\|) \S/gm) ?? [];
  assert(arrows.length > 60, `${arrows.length} messages are drawn`);
});

/** A command of the page, with the lines that it is said to print. */
interface Command {
  line: string;
  prints: string[];
}

const blocks = [...page.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block]) => {
  const commands: Command[] = [];
  for (const line of block!.trim().split("\n")) {
    if (line.startsWith("# ")) commands.at(-1)!.prints.push(line.slice(2));
    else commands.push({ line, prints: [] });
  }
  return commands;
});

/** The end that a line starts, with fewer messages: what it shows is not how many there are. */
function endOf({ line }: Command): EndCommand | null {
  const [end] = endsOf(line.replace(/--repeat \d+/, "--repeat 2"));
  return end ?? null;
}

/** That it ended as the page says: with its error, or well. */
function assertAsSaid({ line, prints }: Command, { code, stderr }: Ending): void {
  const error = prints.find((print) => print.startsWith("error: "));
  if (error === undefined) return assertEquals(code, 0, `${line}: ${stderr}`);
  assert(lasting(stderr).includes(lasting(error)), `${line}: ${stderr}`);
  assert(code > 0, line);
}

/** Runs a block's commands that start ends, a server's with the client's after it. */
async function runBlock(commands: readonly Command[], place: Workplace): Promise<void> {
  let server: EndCommand | null = null;
  for (const command of commands) {
    const end = endOf(command);
    if (end?.role === "client" && server) {
      const { client, server: served } = await runEnds(server, end, startIn(place));
      assertAsSaid(command, client);
      if (client.code === 0) assertEquals(served.code, 0, served.stderr);
      server = null;
    } else if (end?.role === "client") {
      assertAsSaid(command, await place.run(end.lane, "client", end.args));
    } else if (end) {
      server = end;
    }
  }
}

/** Those whose client is killed are seen in tools/killed_test.ts. */
const others = blocks.filter((commands) =>
  commands.some(({ prints }) => prints.length > 0) && !commands.some(isKilled)
);

function isKilled({ line }: Command): boolean {
  return line.startsWith("timeout -s KILL ");
}

for (const commands of others) {
  const [{ line }] = commands as [Command];
  Deno.test(`docs/handshakes.md says how this ends: ${line}, and what follows it`, async () => {
    await using place = await Workplace.make();
    await runBlock(commands, place);
  });
}

const lines = blocks.flat().map(({ line }) => line);

Deno.test("docs/handshakes.md has no other commands than those that are known", () => {
  for (const line of lines) {
    const isKnown = endsOf(line).length === 1 ||
      /^(?:deno eval '|timeout -s KILL |ss -)/.test(line);
    assert(isKnown, line);
  }
});

Deno.test("docs/handshakes.md has a program that makes contexts", async () => {
  await using place = await Workplace.make();
  const [, program] = /^deno eval '(.*)'$/m.exec(lines.join("\n"))!;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", program!.replaceAll("certs/pem", place.dir)],
    cwd: ROOT,
  }).output();
  const decoder = new TextDecoder();
  assert(success, decoder.decode(stderr));
  assertMatch(decoder.decode(stdout), /^(?:\d+\.\d ms\n){4}$/);
});

const FUNCTIONS = new Set([LIBSSL, LIBCRYPTO, IDENTITIES].flatMap((table) => Object.keys(table)));

Deno.test("docs/handshakes.md names calls that the named files make", async () => {
  const rows = [...page.matchAll(/^\| [^|]*\| `[^|]*\| (.*) \|$/gm)].map(([, cell]) => cell!);
  assert(rows.length > 12, `${rows.length} rows`);
  for (const row of rows) {
    // Names stand before the file that calls them.
    for (const [, names, path] of row.matchAll(/(.*?)\[\w+\.ts\]\((.*?)\)/g)) {
      const text = await Deno.readTextFile(join(dirname(PAGE), path!));
      const called = [...names!.matchAll(/`(\w+)`/g)].map(([, name]) => name!);
      assert(called.length > 0, row);
      for (const name of called) {
        assert(FUNCTIONS.has(name), `${name} is none of the functions used`);
        assertMatch(text, new RegExp(`\\b\\w*lib\\.${name}\\(`), `${path} does not call ${name}`);
      }
    }
  }
});
