import { exitCodeOf, UsageError } from "../base/errors.ts";
import { parseOptions } from "./options.ts";
import type { PairOptions } from "../model/pair_options.ts";
import { FULL_PLAN } from "../model/plan.ts";
import { type Protocol, PROTOCOLS, type Role } from "../model/protocol.ts";
import { assert, assertEquals, assertNotMatch, assertThrows } from "../testing/assert.ts";

const ROLES: Role[] = ["client", "server"];

/** Options out of words that are good. */
function read(protocol: Protocol, role: Role, ...words: string[]): PairOptions {
  const request = parseOptions(protocol, role, words);
  assert(typeof request !== "string", `${words.join(" ")} asks for the ${request}`);
  return request;
}

/** The line that refuses words that are not good. */
function refusal(protocol: Protocol, role: Role, ...words: string[]): string {
  const error = assertThrows(() => parseOptions(protocol, role, words), UsageError);
  assertEquals(exitCodeOf(error), 2);
  assertNotMatch(error.message, /\n/);
  return error.message;
}

Deno.test("parseOptions() has the documented defaults", () => {
  assertEquals(read("tcp", "client"), {
    protocol: "tcp",
    role: "client",
    lane: "tcp-async",
    io: "async",
    cpu: null,
    engine: null,
    hostname: "127.0.0.1",
    port: 1443,
    plan: FULL_PLAN,
    connect: "message",
    resume: false,
    tlsVersion: null,
    ciphers: null,
    answer: "ack",
    reply: true,
    waitMs: 0,
    pause: false,
    endWithStdin: false,
    clients: 1,
    certs: "certs/pem",
    keyPassphraseFile: null,
    timeoutMs: 5000,
    json: null,
    csv: null,
    quiet: false,
    forever: false,
    idleTimeoutMs: 60_000,
  });
});

Deno.test("parseOptions() gives both roles the same defaults", () => {
  for (const protocol of PROTOCOLS) {
    const client = { ...read(protocol, "client"), role: "server" };
    assertEquals(client, { ...read(protocol, "server"), role: "server" });
  }
});

const LANES: [Protocol, string, string | null][] = [
  ["tcp", "tcp-async", null],
  ["udp", "udp-async", null],
  ["tls", "tls-async-rustls", "rustls"],
  ["dtls", "dtls-async-openssl", "openssl"],
];

for (const [protocol, name, library] of LANES) {
  Deno.test(`parseOptions() takes ${name} as the lane of ${protocol}`, () => {
    const { lane, engine, io } = read(protocol, "server");
    assertEquals([lane, engine, io], [name, library, "async"]);
  });
}

/** Words that every script takes, and what becomes of them. */
const OPTIONS: [string[], Partial<PairOptions>][] = [
  [["--host", "example.org"], { hostname: "example.org" }],
  [["--host", "192.0.2.7"], { hostname: "192.0.2.7" }],
  [["--host", "::1"], { hostname: "::1" }],
  [["--host", "[::1]"], { hostname: "::1" }],
  [["--host=[2001:db8::7]"], { hostname: "2001:db8::7" }],
  [["--host", "fe80::1%eth0"], { hostname: "fe80::1%eth0" }],
  [["--port", "1"], { port: 1 }],
  [["--port", "65535"], { port: 65535 }],
  [["--port=4000"], { port: 4000 }],
  [["--sizes", "100,999"], { plan: { sizes: [100, 999], repeat: 100 } }],
  [["--sizes", "100, 999"], { plan: { sizes: [100, 999], repeat: 100 } }],
  [["--sizes", "32"], { plan: { sizes: [32], repeat: 100 } }],
  [["--repeat", "1"], { plan: { sizes: FULL_PLAN.sizes, repeat: 1 } }],
  [["--repeat", "100000"], { plan: { sizes: FULL_PLAN.sizes, repeat: 100_000 } }],
  [["--seconds", "1"], { plan: { ...FULL_PLAN, seconds: 1 } }],
  [["--seconds", "3600"], { plan: { ...FULL_PLAN, seconds: 3600 } }],
  [["--connect", "once"], { connect: "once" }],
  [["--connect", "message"], { connect: "message" }],
  [["--no-reply"], { reply: false }],
  [["--wait-ms", "0"], { waitMs: 0 }],
  [["--wait-ms", "3600000"], { waitMs: 3_600_000 }],
  [["--pause"], { pause: true }],
  [["--end-with-stdin"], { endWithStdin: true }],
  [["--clients", "8"], { clients: 8 }],
  [["--clients", "1000"], { clients: 1000 }],
  [["--io", "async"], { io: "async" }],
  [["--io", "sync", "--cpu", "0"], { lane: "tcp-sync", io: "sync", cpu: 0 }],
  [["--io", "spin", "--cpu", "1023"], { lane: "tcp-spin", io: "spin", cpu: 1023 }],
  [["--certs", "my certs"], { certs: "my certs" }],
  [["--timeout-ms", "1"], { timeoutMs: 1 }],
  [["--json", "out.json"], { json: "out.json" }],
  [["--json", "-"], { json: "-", csv: null }],
  [["--json=-"], { json: "-" }],
  [["--csv", "-", "--quiet"], { csv: "-", quiet: true }],
  [["--csv", "-", "--json", "a.json"], { csv: "-", json: "a.json" }],
  [["--csv", "steps.csv"], { csv: "steps.csv" }],
  [["--quiet"], { quiet: true }],
];

for (const [words, wanted] of OPTIONS) {
  Deno.test(`parseOptions() reads ${words.join(" ")}`, () => {
    for (const role of ROLES) {
      assertEquals(read("tcp", role, ...words), { ...read("tcp", role), ...wanted });
    }
  });
}

Deno.test("parseOptions() reads words that only a server takes", () => {
  const words = ["--forever", "--idle-timeout-ms", "86400000", "--port", "0"];
  const { forever, idleTimeoutMs, port } = read("udp", "server", ...words);
  assertEquals({ forever, idleTimeoutMs, port }, {
    forever: true,
    idleTimeoutMs: 86_400_000,
    port: 0,
  });
});

Deno.test("parseOptions() reads --engine where there is a choice of it", () => {
  assertEquals(read("tls", "client", "--engine", "rustls").engine, "rustls");
});

/** Words that no script takes, and the line that says so. */
const REFUSED: [string[], string][] = [
  [["--bogus"], 'unknown word "--bogus"; --help lists the words that are allowed'],
  [["--bogus=3"], 'unknown word "--bogus"; --help lists the words that are allowed'],
  [["-x"], 'unknown word "-x"; --help lists the words that are allowed'],
  [["--no-quiet"], 'unknown word "--no-quiet"; did you mean --quiet?'],
  [["--seconds", "-1"], "--seconds -1: a whole number from 1 to 3600 is allowed"],
  [["--constructor"], 'unknown word "--constructor"; --help lists the words that are allowed'],
  [["--port.x", "1"], 'unknown word "--port.x"; did you mean --port?'],
  [["100"], 'unknown word "100"; --help lists the words that are allowed'],
  [["-"], 'unknown word "-"; --help lists the words that are allowed'],
  [["--", "--port"], 'unknown word "--port"; did you mean --port?'],
  [["--help", "--bogus"], 'unknown word "--bogus"; --help lists the words that are allowed'],
  [["--port"], "--port wants a value: N"],
  [["--port="], "--port wants a value: N"],
  [["--json", "--quiet"], "--json wants a value: FILE"],
  [["--port", "1", "--port", "2"], "--port stands there 2 times"],
  [["--quiet=yes"], "--quiet: this word takes no value"],
  [["--port", "65536"], "--port 65536: a whole number from 1 to 65535 is allowed"],
  [["--port", "http"], "--port http: a whole number from 1 to 65535 is allowed"],
  [["--port", "1e3"], "--port 1e3: a whole number from 1 to 65535 is allowed"],
  [["--port", "80.5"], "--port 80.5: a whole number from 1 to 65535 is allowed"],
  [["--port=-1"], "--port -1: a whole number from 1 to 65535 is allowed"],
  [["--repeat", "0"], "--repeat 0: a whole number from 1 to 100000 is allowed"],
  [["--repeat", "100001"], "--repeat 100001: a whole number from 1 to 100000 is allowed"],
  [["--seconds", "0"], "--seconds 0: a whole number from 1 to 3600 is allowed"],
  [["--seconds", "3601"], "--seconds 3601: a whole number from 1 to 3600 is allowed"],
  [["--seconds", "0.5"], "--seconds 0.5: a whole number from 1 to 3600 is allowed"],
  [
    ["--pause", "--end-with-stdin"],
    "--end-with-stdin and --pause: stdin can serve only one of them",
  ],
  [["--seconds", "1", "--repeat", "9"], "--repeat and --seconds: only one of them"],
  [
    ["--seconds=1", "--sizes=100,100"],
    "size 100: with a number of seconds each size may stand there once",
  ],
  [["--wait-ms", "3600001"], "--wait-ms 3600001: a whole number from 0 to 3600000 is allowed"],
  [["--timeout-ms", "0"], "--timeout-ms 0: a whole number from 1 to 3600000 is allowed"],
  [["--clients", "0"], "--clients 0: a whole number from 1 to 1000 is allowed"],
  [["--clients", "1001"], "--clients 1001: a whole number from 1 to 1000 is allowed"],
  [["--sizes", "100,"], '--sizes 100,: "" is no whole number of bytes'],
  [["--sizes", "100;999"], '--sizes 100;999: "100;999" is no whole number of bytes'],
  [["--sizes", "1e3"], '--sizes 1e3: "1e3" is no whole number of bytes'],
  [["--sizes", "100,31"], "size 31: at least 32 bytes, the length of the header"],
  [["--connect", "always"], "--connect always: allowed is message or once"],
  [["--host", "a b"], '--host "a b" is neither a host name nor an IPv4 or IPv6 address'],
  [["--host", "[]"], '--host "[]" has brackets, which stand around an IPv6 address alone'],
  [["--host", "http://a.example"], '--host "http://a.example" is a URL: only its host is wanted'],
  [["--host", "a:1443"], '--host "a:1443" has a port in it: the port is said by itself'],
  [["--json", "-", "--csv", "-"], "--json - and --csv -: stdout can take only one"],
];

for (const [words, line] of REFUSED) {
  Deno.test(`parseOptions() refuses ${words.join(" ")}`, () => {
    assertEquals(refusal("tcp", "client", ...words), line);
  });
}

for (const words of [["--quiet", "false"], ["--no-reply", "true"], ["-h=1"]]) {
  Deno.test(`parseOptions() refuses ${words.join(" ")}: the word takes no value`, () => {
    refusal("tcp", "client", ...words);
  });
}

Deno.test("parseOptions() refuses one file for both results", () => {
  refusal("tcp", "client", "--json", "out", "--csv", "out");
});

Deno.test("parseOptions() takes no file's name for a switch", () => {
  assertEquals(read("tcp", "client", "--json", "./quiet=1.json").json, "./quiet=1.json");
});

Deno.test("parseOptions() refuses what the protocol cannot carry", () => {
  const line = "size 16385: at most 16384 bytes on DTLS, as a DTLS record carries no more";
  assertEquals(refusal("dtls", "client", "--sizes", "16385"), line);
  assertEquals(read("tls", "client", "--sizes", "16385").plan.sizes, [16385]);
});

Deno.test("parseOptions() refuses a client that has no port to go to", () => {
  const line = "--port 0: a whole number from 1 to 65535 is allowed";
  assertEquals(refusal("tcp", "client", "--port", "0"), line);
});

/** What may be a key, in every place where a word is refused. */
const SECRETS = [
  "-----BEGIN PRIVATE KEY-----\nMIGHAgEA\n",
  "8f3a9c".repeat(8),
];
const PLACES = ["", "--bogus=", "--port=", "--sizes=", "--connect=", "--quiet=", "--seconds=1,"];

for (const place of PLACES) {
  Deno.test(`parseOptions() does not repeat a key that stands where a word is refused: ${place}`, () => {
    for (const secret of SECRETS) {
      const line = refusal("tcp", "client", `${place}${secret}`);
      assertEquals(/MIGH|8f3a9c/.test(line), false, line);
    }
  });
}

for (const word of ["--forever", "--idle-timeout-ms=5"]) {
  Deno.test(`parseOptions() refuses ${word} from a client as unknown`, () => {
    assertEquals(refusal("udp", "client", word).slice(0, 14), 'unknown word "');
  });
}

for (const protocol of ["tcp", "udp", "dtls"] as const) {
  Deno.test(`parseOptions() refuses --engine on ${protocol}, which has no choice of it`, () => {
    assertEquals(refusal(protocol, "client", "--engine=rustls").slice(0, 14), 'unknown word "');
  });
}

Deno.test("parseOptions() asks for help and version", () => {
  for (const word of ["--help", "-h"]) assertEquals(parseOptions("tcp", "client", [word]), "help");
  assertEquals(parseOptions("tls", "server", ["--version"]), "version");
  assertEquals(parseOptions("tls", "server", ["--version", "--help"]), "help");
});

for (const protocol of ["tcp", "udp", "dtls"] as const) {
  Deno.test(`parseOptions() takes --cpu for ${protocol} on sync and spin, and refuses it on async`, () => {
    for (const io of ["sync", "spin"]) {
      assertEquals(read(protocol, "server", "--io", io, "--cpu", "1").cpu, 1);
    }
    const line = "--cpu 1 goes with --io sync or spin: there one thread does it all";
    assertEquals(refusal(protocol, "client", "--cpu", "1"), line);
  });
}

for (const io of ["sync", "spin"]) {
  Deno.test(`parseOptions() refuses --io ${io} on rustls and takes it on openssl`, () => {
    const line = `--io ${io} goes with --engine openssl; rustls has the event loop alone`;
    for (const role of ROLES) assertEquals(refusal("tls", role, "--io", io), line);
    const { lane } = read("tls", "client", "--io", io, "--engine", "openssl");
    assertEquals(lane, `tls-${io}-openssl`);
  });
}

for (const words of [["--resume"], ["--tls-version", "1.2"], ["--ciphers", "ALL"]]) {
  Deno.test(`parseOptions() refuses ${words.join(" ")} on rustls and takes it on openssl`, () => {
    const line = `${words[0]} goes with --engine openssl; rustls has no such setting`;
    assertEquals(refusal("tls", "client", ...words), line);
    assertEquals(read("tls", "client", "--engine", "openssl", ...words).engine, "openssl");
    assertEquals(read("dtls", "server", ...words).engine, "openssl");
  });
}

Deno.test("parseOptions() takes --echo and --discard of servers, as serving until stopped", () => {
  for (const answer of ["echo", "discard"] as const) {
    const options = read("udp", "server", `--${answer}`);
    assertEquals([options.answer, options.forever], [answer, true]);
    assertEquals(refusal("udp", "client", `--${answer}`).slice(0, 14), 'unknown word "');
  }
  const line = "--echo and --discard: only one of them";
  assertEquals(refusal("udp", "server", "--echo", "--discard"), line);
});

Deno.test("parseOptions() refuses a kind of I/O and an engine that there will never be", () => {
  assertEquals(
    refusal("tls", "client", "--io", "magic"),
    "--io magic: allowed is async or sync or spin",
  );
  assertEquals(
    refusal("tls", "client", "--engine", "own"),
    "--engine own: allowed is rustls or openssl",
  );
});

Deno.test("parseOptions() takes --key-passphrase-file where there are certificates", () => {
  const words = ["--key-passphrase-file", "my word"];
  for (const protocol of ["tls", "dtls"] as const) {
    assertEquals(read(protocol, "server", ...words).keyPassphraseFile, "my word");
  }
  assertThrows(() => read("tcp", "server", ...words), UsageError, "--key-passphrase-file");
});
