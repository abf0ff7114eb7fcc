/** An agent and run_all --on as programs of their own, with the permissions that their helps name. */
import { dirname, join } from "../common/base/std.ts";
import { assert, assertEquals, assertMatch } from "../common/testing/assert.ts";
import { freePort } from "../common/testing/free_port.ts";
import { laneNamed, readDocument, Workplace } from "../common/testing/pairs.ts";
import { endingOf, startRunAll } from "../common/testing/run_all.ts";
import { argumentsOf, cannotMakeTrouble, childrenOf, killHard } from "../common/testing/trouble.ts";
import { within } from "../common/testing/within.ts";
import { AgentClient } from "./agent/client.ts";
import { ROOT } from "./lib/children.ts";

const PERMISSIONS = [
  ...["--allow-net", "--allow-read", "--allow-ffi", "--allow-env=NETPAIRS_LIBSSL"],
  `--allow-run=${Deno.execPath()}`,
];

/** What run_all needs for --on besides. */
const FOR_ON = ["--allow-net", "--allow-ffi", "--allow-env=NETPAIRS_LIBSSL"];

/** An agent's process; it ends with the test. */
class AgentProcess implements AsyncDisposable {
  readonly child: Deno.ChildProcess;
  /** What it says on stderr. */
  said = "";
  readonly #reading: Promise<void>;
  #look = () => {};

  constructor(place: Workplace, args: string[] = []) {
    this.child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-prompt", ...PERMISSIONS, join(ROOT, "tools/agent.ts")],
        ...["--host", "127.0.0.1", "--port", "0", "--data-port", "0", "--certs", place.dir],
        ...["--end-with-stdin", ...args],
      ],
      stdin: "piped",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#reading = this.#read();
  }

  /** Waits until it has said that, and returns what matches. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    const { promise, resolve } = Promise.withResolvers<RegExpExecArray>();
    this.#look = () => {
      const found = pattern.exec(this.said);
      if (found) resolve(found);
    };
    this.#look();
    return await within(promise, () => `${pattern} was not said: ${this.said}`);
  }

  /** Where it listens. */
  async on(): Promise<string> {
    return (await this.says(/^listening on (\S+)\n/m))[1]!;
  }

  /** Waits until it has ended. */
  async ended(): Promise<number> {
    const { code } = await within(this.child.status);
    await this.#reading;
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.child.stdin.close().catch(() => {});
    await this.ended();
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of this.child.stderr) {
      this.said += decoder.decode(bytes, { stream: true });
      this.#look();
    }
  }
}

Deno.test("run_all --on runs lanes against an agent, and joins both ends' documents", async () => {
  await using place = await Workplace.make();
  await using agent = new AgentProcess(place, ["--clock-shift-us", "1000000000"]);
  const on = await agent.on();
  const lanes = "udp-async,dtls-sync-openssl,dtls-sync-openssl-resumed";
  const runAll = startRunAll(
    place,
    [
      ...["--on", on, "--lanes", lanes, "--sizes", "100,999", "--repeat", "4", "--json", "-"],
      "--no-reply",
    ],
    {},
    FOR_ON,
  );
  const { code, stdout, stderr } = await within(endingOf(runAll));
  assertEquals(code, 0, stderr);
  const { complete, runs } = readDocument(stdout);
  assertEquals(complete, true);
  assertEquals(runs.map(({ lane, role, resume }) => `${lane} ${role} ${resume}`), [
    ...["udp-async client false", "udp-async server false"],
    ...["dtls-sync-openssl client false", "dtls-sync-openssl server false"],
    ...["dtls-sync-openssl client true", "dtls-sync-openssl server true"],
  ]);
  for (const { role, sizes } of runs) {
    for (const { sent, loss, oneWay } of sizes) {
      assertEquals([sent, loss], [4, { toServer: 0, toClient: null }]);
      assertEquals(oneWay !== undefined, role === "server");
      if (!oneWay) continue;
      const { offsetUs, uncertaintyUs } = oneWay.clock!;
      assert(Math.abs(offsetUs - 1_000_000_000) <= uncertaintyUs, `${offsetUs}`);
      // Either it is known, or it is not said.
      const p50 = oneWay.delayUs?.p50 ?? uncertaintyUs;
      assert(p50 >= uncertaintyUs && p50 < 100_000_000, `${p50}`);
    }
  }
  // It has a turn of its own after the client's end.
  await agent.says(/: has ended\n/);
  const peer = /^\S+: served$/m.exec(agent.said)![0].split(": ")[0];
  assertEquals(
    agent.said.split("\n").slice(1),
    [
      ...["served", "udp-async: started", "dtls-sync-openssl: started"],
      ...["dtls-sync-openssl, resumed: started", "has ended"],
    ].map((line) => `${peer}: ${line}`).concat(""),
  );
  const folder = /^results: (.+)$/m.exec(stderr)![1]!;
  assertEquals(dirname(folder), place.path("results"));
  const logs = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => name.endsWith("-client.csv"));
  assertEquals(logs.length, 3);
});

Deno.test("run_all --on says in a line, with exit code 1, that there is no agent", async () => {
  await using place = await Workplace.make();
  const on = `127.0.0.1:${freePort("tcp")}`;
  const runAll = startRunAll(place, ["--on", on], {}, FOR_ON);
  const { code, stdout, stderr } = await within(endingOf(runAll));
  assertEquals([code, stdout], [1, ""]);
  assertMatch(
    stderr,
    /^error: cannot use the agent at 127\.0\.0\.1:\d+: connection refused; .*\n$/,
  );
});

Deno.test("An agent without certificates says so in a line", async () => {
  await using place = await Workplace.make();
  await Deno.remove(place.path("server-key.pem"));
  await using agent = new AgentProcess(place);
  assertEquals(await agent.ended(), 1);
  assertMatch(agent.said, /^error: Cannot use the certificates in .*server-key\.pem.*\n$/);
});

/** More than any machine exchanges before it is ended; a log is written after each size. */
const LONG = [
  ...["--sizes", Array.from({ length: 400 }, (_, i) => 100 + i).join(","), "--repeat", "500"],
  ...["--connect", "once", "--lanes", "tcp-async"],
];

const ignore = cannotMakeTrouble();

/** An agent and a run of run_all that is in its middle, and the processes of both. */
async function midRun(place: Workplace, agent: AgentProcess) {
  const runAll = startRunAll(place, ["--on", await agent.on(), ...LONG], {}, FOR_ON);
  await within(until(() => logLines(place) > 2));
  const [client] = childrenOf(runAll.pid);
  const [server] = childrenOf(agent.child.pid);
  assertMatch(argumentsOf(client!), /client\.ts/);
  assertMatch(argumentsOf(server!), /server\.ts/);
  return { runAll, client: client!, server: server! };
}

function logLines(place: Workplace): number {
  try {
    const [folder] = Deno.readDirSync(place.path("results"));
    const log = join(place.path("results"), folder!.name, "tcp-async-client.csv");
    return Deno.readTextFileSync(log).split("\n").length;
  } catch {
    return 0;
  }
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 10));
}

function untilGone(...pids: number[]): Promise<void> {
  return until(() => pids.every((pid) => argumentsOf(pid) === ""));
}

Deno.test({
  name: "A run_all that is killed in mid-run leaves no server, and the agent serves the next one",
  ignore,
  fn: async () => {
    await using place = await Workplace.make();
    await using agent = new AgentProcess(place);
    const { runAll, client, server } = await midRun(place, agent);
    killHard(runAll.pid);
    await within(untilGone(client, server));
    await endingOf(runAll);
    await agent.says(/: the peer closed the connection early$/m);
    const next = await connect(place, agent);
    await next.close();
  },
});

Deno.test({
  name: "An agent that is killed leaves no server, and run_all says so in a line",
  ignore,
  fn: async () => {
    await using place = await Workplace.make();
    await using agent = new AgentProcess(place);
    const { runAll, client, server } = await midRun(place, agent);
    killHard(agent.child.pid);
    await within(untilGone(client, server));
    const { code, stderr } = await within(endingOf(runAll));
    assertEquals(code, 1);
    assertMatch(stderr, /^error: tcp-async: the server has gone: the agent is out of reach: /m);
  },
});

Deno.test({
  name: "Ctrl-C ends run_all --on and its server in order, and the results are partial",
  ignore,
  fn: async () => {
    await using place = await Workplace.make();
    await using agent = new AgentProcess(place);
    const { runAll, client, server } = await midRun(place, agent);
    runAll.kill("SIGINT");
    await within(untilGone(client, server));
    const { code, stderr } = await within(endingOf(runAll));
    assertEquals(code, 130, stderr);
    await agent.says(/: has ended$/m);
    const folder = /^results: (.+)$/m.exec(stderr)![1]!;
    const document = readDocument(await Deno.readTextFile(join(folder, "result.json")));
    assertEquals(document.complete, false);
    assertEquals(document.runs.map(({ role }) => role), ["client", "server"]);
  },
});

Deno.test({
  name: "Ctrl-C ends an agent with all that it has started, with exit code 130",
  ignore,
  fn: async () => {
    await using place = await Workplace.make();
    await using agent = new AgentProcess(place);
    const client = await connect(place, agent);
    const server = client.start({
      ...{ lane: laneNamed("udp-sync"), resume: false, cpu: null, args: [] },
    });
    assert(await within(server.port) !== null);
    const [pid] = childrenOf(agent.child.pid);
    agent.child.kill("SIGINT");
    assertEquals(await agent.ended(), 130);
    assertEquals(argumentsOf(pid!), "");
    assertMatch((await within(server.ended)).stderr, /the agent is out of reach/);
    await client.close();
  },
});

/** As run_all does. */
async function connect(place: Workplace, agent: AgentProcess): Promise<AgentClient> {
  const port = Number((await agent.on()).split(":")[1]);
  const files = { certs: place.dir, keyPassphraseFile: null };
  return await AgentClient.connect({ hostname: "127.0.0.1", port, ...files });
}
