import { Ajv } from "ajv";
import { STEP_INDEX, StepTimer } from "./clock.ts";
import { Recorder } from "./recorder.ts";
import {
  describeEnvironment,
  type Environment,
  formatDocument,
  makeDocument,
  type ResultDocument,
  type RunResult,
} from "./result.ts";
import schema from "./result.schema.json" with { type: "json" };
import { assert, assertEquals, assertStringIncludes } from "../testing/assert.ts";
import { VERSION } from "../base/version.ts";

const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(schema);

const ENVIRONMENT: Environment = {
  os: "linux",
  arch: "x86_64",
  cpu: "a processor",
  cores: 4,
  deno: "2.9.6",
  openssl: "OpenSSL 3.5.0",
  hostname: "here",
};

/** A run with figures, out of a recorder. */
function exampleRun(): RunResult {
  const recorder = new Recorder();
  const timer = new StepTimer();
  for (let no = 0; no < 3; no++) {
    timer.start();
    timer.mark(STEP_INDEX.handshake);
    timer.mark(STEP_INDEX.send);
    const counts = { client: 0, sizeBytes: 100, no, resumed: no > 0 };
    recorder.message({ ...counts, answered: true, lost: false }, timer);
  }
  return {
    lane: "dtls-async-openssl",
    role: "client",
    protocol: "dtls",
    io: "async",
    engine: "openssl",
    connect: "message",
    resume: true,
    reply: true,
    clients: 1,
    security: {
      version: "DTLSv1.2",
      cipher: "ECDHE-ECDSA-AES256-GCM-SHA384",
      group: "X25519",
      peer: "CN=server",
      resumed: false,
    },
    sizes: recorder.clientResults(true),
  };
}

/** A document as a reader gets it: written as text and read back. */
function exampleDocument(...runs: RunResult[]): ResultDocument {
  const startedAt = new Date("2026-01-02T03:04:05.678Z");
  return JSON.parse(formatDocument(makeDocument(startedAt, ENVIRONMENT, true, runs)));
}

function errorsOf(document: unknown): string {
  validate(document);
  return (validate.errors ?? []).map((e) => `${e.instancePath} ${e.message}`).join("; ");
}

Deno.test("makeDocument() says what wrote it, in which version, and when", () => {
  const { runs, ...rest } = makeDocument(
    new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 678)),
    ENVIRONMENT,
    false,
    [],
  );
  assertEquals(runs, []);
  assertEquals(rest, {
    schemaVersion: 1,
    tool: "netpairs",
    version: VERSION,
    startedAt: "2026-01-02T03:04:05.678Z",
    environment: ENVIRONMENT,
    complete: false,
  });
});

Deno.test("formatDocument() ends the file with a line break and loses nothing", () => {
  const document = makeDocument(new Date(0), ENVIRONMENT, true, [exampleRun()]);
  const text = formatDocument(document);
  assertEquals(text.at(-1), "\n");
  assertEquals(JSON.parse(text), document);
});

Deno.test("result.schema.json takes a client's document", () => {
  assertEquals(errorsOf(exampleDocument(exampleRun())), "");
});

Deno.test("result.schema.json takes a document without a run", () => {
  assertEquals(errorsOf(exampleDocument()), "");
});

Deno.test("result.schema.json takes a server's partial document, full of null", () => {
  const run = exampleRun();
  const timer = new StepTimer();
  const recorder = new Recorder();
  timer.start();
  const counts = { client: 0, sizeBytes: 999, no: 0, answered: true, lost: false, resumed: false };
  recorder.message(counts, timer);
  const sizes = recorder.serverResults({ sizes: [999], repeat: 100 }, 1, false, false);
  const server = { ...run, role: "server" as const, security: null, sizes };
  assertEquals(errorsOf({ ...exampleDocument(server), complete: false }), "");
});

/** A server's one-way run, with the figures of two messages. */
function oneWayRun(): RunResult {
  const recorder = new Recorder();
  const timer = new StepTimer();
  const plan = { sizes: [100], repeat: 2 };
  for (let no = 0; no < 2; no++) {
    timer.start();
    recorder.arrival(100, 1, 1000 * no, 5);
    const outcome = { client: 0, sizeBytes: 100, no, resumed: false };
    recorder.message({ ...outcome, answered: false, lost: false }, timer);
  }
  const sizes = recorder.serverResults(plan, 1, false, true);
  return { ...exampleRun(), role: "server", reply: false, sizes };
}

Deno.test("result.schema.json takes what a server counted of a one-way run", () => {
  const document = exampleDocument(oneWayRun());
  assertEquals(document.runs[0]!.sizes[0]!.oneWay?.messagesPerSecond, 1000);
  assertEquals(errorsOf(document), "");
});

Deno.test("result.schema.json takes a one-way run full of null", () => {
  const document = exampleDocument(oneWayRun());
  const oneWay = document.runs[0]!.sizes[0]!.oneWay!;
  for (const key of Object.keys(oneWay)) Object.assign(oneWay, { [key]: null });
  assertEquals(errorsOf(document), "");
});

const LANES: [string, string, string, string | null][] = [
  ...["async", "sync", "spin"].flatMap((io): [string, string, string, string | null][] => [
    [`tcp-${io}`, "tcp", io, null],
    [`udp-${io}`, "udp", io, null],
    [`tls-${io}-openssl`, "tls", io, "openssl"],
    [`dtls-${io}-openssl`, "dtls", io, "openssl"],
  ]),
  ["tls-async-rustls", "tls", "async", "rustls"],
];

for (const [lane, protocol, io, engine] of LANES) {
  Deno.test(`result.schema.json takes the lane ${lane}`, () => {
    const document = exampleDocument(exampleRun());
    Object.assign(document.runs[0]!, { lane, protocol, io, engine });
    assertEquals(errorsOf(document), "");
  });
}

// A document's parts are changed in ways their types forbid.
// deno-lint-ignore no-explicit-any
type Loose = any;

/** What is wrong: a change to a good document, and where the schema has to find it. */
const MUTATIONS: Record<string, [(document: Loose) => void, string]> = {
  "no schemaVersion": [(d) => delete d.schemaVersion, "schemaVersion"],
  "another schemaVersion": [(d) => d.schemaVersion = 2, "/schemaVersion"],
  "another tool": [(d) => d.tool = "other", "/tool"],
  "a version in words": [(d) => d.version = "new", "/version"],
  "a start without a time": [(d) => d.startedAt = "2026-01-02", "/startedAt"],
  "a start in local time": [(d) => d.startedAt = "2026-01-02T03:04:05.678+01:00", "/startedAt"],
  "complete as a text": [(d) => d.complete = "true", "/complete"],
  "no runs": [(d) => delete d.runs, "runs"],
  "runs as an object": [(d) => d.runs = {}, "/runs"],
  "an extra key": [(d) => d.comment = "x", "additional properties"],
  "no hostname": [(d) => delete d.environment.hostname, "hostname"],
  "no cores": [(d) => d.environment.cores = 0, "/environment/cores"],
  "an extra key of the environment": [(d) => d.environment.user = "x", "/environment"],
  "an unknown lane": [(d) => d.runs[0].lane = "quic-async", "/runs/0/lane"],
  "a lane without its engine": [(d) => d.runs[0].lane = "tls-async", "/runs/0/lane"],
  "a lane with an engine it has not": [(d) => d.runs[0].lane = "tls-sync-rustls", "/runs/0/lane"],
  "a lane with more behind it": [(d) => d.runs[0].lane = "tcp-async-2", "/runs/0/lane"],
  "an unknown role": [(d) => d.runs[0].role = "peer", "/runs/0/role"],
  "an unknown protocol": [(d) => d.runs[0].protocol = "ssl", "/runs/0/protocol"],
  "an unknown engine": [(d) => d.runs[0].engine = "own", "/runs/0/engine"],
  "an engine left out": [(d) => delete d.runs[0].engine, "engine"],
  "an unknown connect": [(d) => d.runs[0].connect = "always", "/runs/0/connect"],
  "no client": [(d) => d.runs[0].clients = 0, "/runs/0/clients"],
  "security as a text": [(d) => d.runs[0].security = "TLSv1.3", "/runs/0/security"],
  "security without a cipher": [(d) => delete d.runs[0].security.cipher, "/runs/0/security"],
  "security with more than is known": [(d) => d.runs[0].security.key = "x", "/runs/0/security"],
  "no sizes": [(d) => delete d.runs[0].sizes, "sizes"],
  "a size shorter than a header": [(d) => d.runs[0].sizes[0].sizeBytes = 31, "/sizeBytes"],
  "a fraction of a message": [(d) => d.runs[0].sizes[0].sent = 1.5, "/sent"],
  "a loss below zero": [(d) => d.runs[0].sizes[0].lost = -1, "/lost"],
  "answers as a text": [(d) => d.runs[0].sizes[0].answered = "100", "/answered"],
  "a count of null that is always known": [(d) => d.runs[0].sizes[0].resumed = null, "/resumed"],
  "no messageUs": [(d) => d.runs[0].sizes[0].messageUs = null, "/messageUs"],
  "a summary without p99": [(d) => delete d.runs[0].sizes[0].messageUs.p99, "/messageUs"],
  "a summary with p95": [(d) => d.runs[0].sizes[0].messageUs.p95 = 1, "/messageUs"],
  "a time below zero": [(d) => d.runs[0].sizes[0].messageUs.min = -1, "/messageUs/min"],
  "a time as a text": [(d) => d.runs[0].sizes[0].messageUs.min = "1 us", "/messageUs/min"],
  "a step left out": [(d) => delete d.runs[0].sizes[0].steps.connect, "/steps"],
  "a step that there is not": [(d) => d.runs[0].sizes[0].steps.wait = null, "/steps"],
  "a step as a number": [(d) => d.runs[0].sizes[0].steps.send = 5, "/steps/send"],
};

for (const [what, [change, where]] of Object.entries(MUTATIONS)) {
  Deno.test(`result.schema.json refuses ${what}`, () => {
    const document = exampleDocument(exampleRun());
    change(document);
    assertStringIncludes(errorsOf(document), where);
  });
}

const ONE_WAY_MUTATIONS: Record<string, [(oneWay: Loose) => void, string]> = {
  "a rate below zero": [(o) => o.messagesPerSecond = -1, "/oneWay/messagesPerSecond"],
  "a rate as a text": [(o) => o.megabytesPerSecond = "1 MB/s", "/oneWay/megabytesPerSecond"],
  "half a duplicate": [(o) => o.duplicates = 0.5, "/oneWay/duplicates"],
  "no count of reordered ones": [(o) => delete o.reordered, "/oneWay"],
  "a delay as a number": [(o) => o.delayUs = 5, "/oneWay/delayUs"],
  "more than is counted": [(o) => o.jitterUs = 5, "/oneWay"],
};

for (const [what, [change, where]] of Object.entries(ONE_WAY_MUTATIONS)) {
  Deno.test(`result.schema.json refuses a one-way run with ${what}`, () => {
    const document = exampleDocument(oneWayRun());
    change(document.runs[0]!.sizes[0]!.oneWay);
    assertStringIncludes(errorsOf(document), where);
  });
}

Deno.test("describeEnvironment() describes this machine", () => {
  const { os, arch, cores, deno, openssl } = describeEnvironment("OpenSSL 3.5.0");
  assertEquals([os, arch, deno], [Deno.build.os, Deno.build.arch, Deno.version.deno]);
  assertEquals(openssl, "OpenSSL 3.5.0");
  assert(cores >= 1);
});

Deno.test({
  name: "describeEnvironment() leaves out what it has no permission for, and asks for none",
  permissions: { sys: false },
  fn: () => {
    const { cpu, hostname } = describeEnvironment(null);
    assertEquals([cpu, hostname], [null, null]);
  },
});

Deno.test({
  name: "describeEnvironment() names the host where it may",
  permissions: { sys: ["hostname"] },
  fn: () => {
    const { cpu, hostname, openssl } = describeEnvironment(null);
    assertEquals([cpu, hostname, openssl], [null, Deno.hostname(), null]);
  },
});

Deno.test({
  name: "describeEnvironment() fits the schema with all permissions",
  permissions: { sys: ["cpus", "hostname"] },
  fn: () => {
    const document = { ...exampleDocument(), environment: describeEnvironment(null) };
    assertEquals(errorsOf(document), "");
  },
});
