import { exitCodeOf, UsageError } from "../base/errors.ts";
import { parseOptions } from "./options.ts";
import type { PairOptions } from "../model/pair_options.ts";
import { FULL_PLAN } from "../model/plan.ts";
import { type Protocol, PROTOCOLS, type Role } from "../model/protocol.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertNotMatch,
  assertThrows,
} from "../testing/assert.ts";

const ROLES: Role[] = ["client", "server"];

/** Options of arguments that are good. */
function read(protocol: Protocol, role: Role, ...args: string[]): PairOptions {
  const request = parseOptions(protocol, role, args);
  assert(typeof request !== "string", `${args.join(" ")} asks for the ${request}`);
  return request;
}

/** The line that refuses arguments that are not good. */
function refusal(protocol: Protocol, role: Role, ...args: string[]): string {
  const error = assertThrows(() => parseOptions(protocol, role, args), UsageError);
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
    bind: null,
    plan: FULL_PLAN,
    connect: "message",
    resume: false,
    tlsVersion: null,
    ciphers: null,
    groups: null,
    serverName: null,
    unsafelySkipNameCheck: false,
    answer: "ack",
    reply: true,
    expectEcho: false,
    waitMs: 0,
    rate: null,
    pause: false,
    endWithStdin: false,
    clients: 1,
    certs: "certs/pem",
    keyPassphraseFile: null,
    keyLog: undefined,
    timeoutMs: 5000,
    json: null,
    csv: null,
    hgrm: null,
    trace: false,
    quiet: false,
    forever: false,
    idleTimeoutMs: 60_000,
    clockShiftUs: 0,
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

/** Options that every script takes, and what becomes of them. */
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
  [["--rate", "0.1"], { rate: 0.1 }],
  [["--rate", "1000000"], { rate: 1_000_000 }],
  [["--rate=12.5"], { rate: 12.5 }],
  [["--pause"], { pause: true }],
  [["--end-with-stdin"], { endWithStdin: true }],
  [["--clients", "8"], { clients: 8 }],
  [["--clients", "10000"], { clients: 10_000 }],
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
  [["--hgrm", "times.hgrm", "--csv", "-"], { hgrm: "times.hgrm", csv: "-" }],
  [["--hgrm", "-"], { hgrm: "-" }],
  [["--quiet"], { quiet: true }],
];

for (const [args, wanted] of OPTIONS) {
  Deno.test(`parseOptions() reads ${args.join(" ")}`, () => {
    for (const role of ROLES) {
      assertEquals(read("tcp", role, ...args), { ...read("tcp", role), ...wanted });
    }
  });
}

Deno.test("parseOptions() reads options that only a server takes", () => {
  const args = ["--forever", "--idle-timeout-ms", "86400000", "--port", "0"];
  const { forever, idleTimeoutMs, port } = read("udp", "server", ...args);
  assertEquals({ forever, idleTimeoutMs, port }, {
    forever: true,
    idleTimeoutMs: 86_400_000,
    port: 0,
  });
});

Deno.test("parseOptions() reads --engine where there is a choice of it", () => {
  assertEquals(read("tls", "client", "--engine", "rustls").engine, "rustls");
});

/** Arguments that no script takes, and the line that says so. */
const REFUSED: [string[], string][] = [
  [["--bogus"], 'unknown option "--bogus"; --help lists what is allowed'],
  [["100"], 'unexpected argument "100"; --help lists what is allowed'],
  [["--port", "65536"], "--port 65536: a whole number from 1 to 65535 is allowed"],
  [["--repeat", "100001"], "--repeat 100001: a whole number from 1 to 100000 is allowed"],
  [["--repeat", "0"], "--repeat 0: a whole number from 1 to 100000 is allowed"],
  [["--seconds", "0"], "--seconds 0: a whole number from 1 to 3600 is allowed"],
  [["--timeout-ms", "0"], "--timeout-ms 0: a whole number from 1 to 3600000 is allowed"],
  [["--clients", "0"], "--clients 0: a whole number from 1 to 10000 is allowed"],
  [["--sizes", "1e3"], '--sizes 1e3: "1e3" is no whole number of bytes'],
  [["--seconds", "3601"], "--seconds 3601: a whole number from 1 to 3600 is allowed"],
  [
    ["--pause", "--end-with-stdin"],
    "--end-with-stdin and --pause: only one of them",
  ],
  [
    ["--bind", "127.0.0.2"],
    "--bind 127.0.0.2 goes with --io sync or spin: Deno has no setting for it",
  ],
  [["--io=sync", "--bind=localhost"], "--bind localhost: an IP address is wanted"],
  [["--io=sync", "--bind=300.1.1.1"], "--bind 300.1.1.1: an IP address is wanted"],
  [["--no-reply", "--expect-echo"], "--no-reply and --expect-echo: only one of them"],
  [["--seconds", "1", "--repeat", "9"], "--repeat and --seconds: only one of them"],
  [
    ["--seconds=1", "--sizes=100,100"],
    "size 100: with a number of seconds each size may stand there once",
  ],
  [["--wait-ms", "3600001"], "--wait-ms 3600001: a whole number from 0 to 3600000 is allowed"],
  [["--clients", "10001"], "--clients 10001: a whole number from 1 to 10000 is allowed"],
  [
    ["--clients", "1001", "--io", "spin"],
    "--clients 1001 goes with --io async: sync and spin take 1000 at most",
  ],
  [["--sizes", "100,"], '--sizes 100,: "" is no whole number of bytes'],
  [["--sizes", "100;999"], '--sizes 100;999: "100;999" is no whole number of bytes'],
  [["--sizes", "100,31"], "size 31: at least 32 bytes, the length of the header"],
  [["--connect", "always"], "--connect always: use message, size or once"],
  [["--rate", "0.09"], "--rate 0.09: a number from 0.1 to 1000000 is allowed"],
  [["--rate", "1000000.5"], "--rate 1000000.5: a number from 0.1 to 1000000 is allowed"],
  [["--rate", "1e3"], "--rate 1e3: a number from 0.1 to 1000000 is allowed"],
  [["--rate", ".5"], "--rate .5: a number from 0.1 to 1000000 is allowed"],
  [["--rate", "-5"], "--rate -5: a number from 0.1 to 1000000 is allowed"],
  [["--rate", "5", "--wait-ms", "0"], "--wait-ms and --rate: only one of them"],
  [["--json", "-", "--csv", "-"], "--json - and --csv -: stdout can take only one"],
  [["--csv", "-", "--hgrm", "-"], "--csv - and --hgrm -: stdout can take only one"],
  [["--json", "a", "--hgrm", "a"], "--json a and --hgrm a: a file can take only one"],
];

for (const [args, line] of REFUSED) {
  Deno.test(`parseOptions() refuses ${args.join(" ")}`, () => {
    assertEquals(refusal("tcp", "client", ...args), line);
  });
}

Deno.test("parseOptions() refuses one file for both results", () => {
  refusal("tcp", "client", "--json", "out", "--csv", "out");
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

Deno.test("parseOptions() does not repeat a key that stands where a list of sizes is wanted", () => {
  for (const place of ["--sizes=", "--sizes=100,", "--connect="]) {
    assertNotMatch(refusal("tcp", "client", `${place}${"8f3a9c".repeat(8)}`), /8f3a9c/);
  }
});

for (const option of ["--forever", "--idle-timeout-ms=5"]) {
  Deno.test(`parseOptions() refuses ${option} from a client as unknown`, () => {
    assertEquals(refusal("udp", "client", option).slice(0, 16), 'unknown option "');
  });
}

for (const protocol of ["tcp", "udp", "dtls"] as const) {
  Deno.test(`parseOptions() refuses --engine on ${protocol}, which has no choice of it`, () => {
    assertEquals(refusal(protocol, "client", "--engine=rustls").slice(0, 16), 'unknown option "');
  });
}

Deno.test("parseOptions() asks for help and version", () => {
  for (const option of ["--help", "-h"]) {
    assertEquals(parseOptions("tcp", "client", [option]), "help");
  }
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

for (
  const args of [
    ...[["--resume"], ["--tls-version", "1.2"], ["--ciphers", "ALL"]],
    ...[["--groups", "X25519"], ["--key-log", "k"]],
  ]
) {
  Deno.test(`parseOptions() refuses ${args.join(" ")} on rustls and takes it on openssl`, () => {
    const line = `${args[0]} goes with --engine openssl; rustls cannot set it`;
    assertEquals(refusal("tls", "client", ...args), line);
    assertEquals(read("tls", "client", "--engine", "openssl", ...args).engine, "openssl");
    assertEquals(read("dtls", "server", ...args).engine, "openssl");
  });
}

Deno.test("parseOptions() takes --echo and --discard of servers, as serving until stopped", () => {
  for (const answer of ["echo", "discard"] as const) {
    const options = read("udp", "server", `--${answer}`);
    assertEquals([options.answer, options.forever], [answer, true]);
    assertEquals(refusal("udp", "client", `--${answer}`).slice(0, 16), 'unknown option "');
  }
  const line = "--echo and --discard: only one of them";
  assertEquals(refusal("udp", "server", "--echo", "--discard"), line);
});

Deno.test("parseOptions() refuses a kind of I/O and an engine that there will never be", () => {
  assertEquals(
    refusal("tls", "client", "--io", "magic"),
    "--io magic: use async, sync or spin",
  );
  assertEquals(
    refusal("tls", "client", "--engine", "own"),
    "--engine own: use rustls or openssl",
  );
});

Deno.test("parseOptions() takes --key-passphrase-file where there are certificates", () => {
  const args = ["--key-passphrase-file", "my file"];
  for (const protocol of ["tls", "dtls"] as const) {
    assertEquals(read(protocol, "server", ...args).keyPassphraseFile, "my file");
  }
  assertThrows(() => read("tcp", "server", ...args), UsageError, "--key-passphrase-file");
});

Deno.test("parseOptions() takes --key-log of secure ends, with a file of its own", () => {
  for (const role of ROLES) assertEquals(read("dtls", role, "--key-log", "k").keyLog, "k");
  for (const protocol of ["tcp", "udp"] as const) {
    assertMatch(refusal(protocol, "client", "--key-log", "k"), /^unknown option "--key-log"/);
  }
  assertEquals(refusal("dtls", "client", "--key-log", "-"), "--key-log -: a file's name is wanted");
  const line = "--key-log k and --csv k: a file can take only one";
  assertEquals(refusal("dtls", "client", "--csv", "k", "--key-log", "k"), line);
});

Deno.test("parseOptions() reads how far a server's clock is to be shifted, either way", () => {
  const shiftOf = (...args: string[]) => read("udp", "server", ...args).clockShiftUs;
  assertEquals(shiftOf("--clock-shift-us", "250"), 250);
  assertEquals(shiftOf("--clock-shift-us", "-250"), -250);
  assertEquals(shiftOf("--clock-shift-us=-3600123456"), -3_600_123_456);
  for (const wrong of ["", "1.5", "1e3", "--1", "x"]) {
    assertThrows(() => shiftOf(`--clock-shift-us=${wrong}`), UsageError, "--clock-shift-us");
  }
  assertThrows(() => read("udp", "client", "--clock-shift-us", "1"), UsageError, "unknown option");
});
