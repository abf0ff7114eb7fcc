/** `deno bench`, started as a user would start it. */
import { join } from "../common/base/std.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../common/testing/assert.ts";
import { LaneStage } from "./bench/lane_stage.ts";
import { casesOf, sizesOfBench } from "./bench/matrix.ts";
import { ROOT } from "./lib/children.ts";

/** What `deno bench --json` prints, as far as it is looked at here. */
interface BenchDocument {
  benches: { name: string; group: string; baseline: boolean; results: { ok?: object }[] }[];
}

/** Without --allow-run no server can be started. */
const NO_PROCESSES = ["net", "ffi", "read", "write", "sys=hostname", "env"].map((name) =>
  `--allow-${name}`
);

const ALL = [...NO_PROCESSES, `--allow-run=${Deno.execPath()}`];

async function bench(permissions: string[], filter: string, env: Record<string, string> = {}) {
  const args = ["bench", "--no-prompt", "--no-check", ...permissions, "--json", "--filter", filter];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args, join(ROOT, "bench.ts")],
    cwd: ROOT,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  // Deno says what it downloads, where its cache is empty.
  const isSaid = (line: string) => line !== "" && !line.startsWith("Download ");
  const said = decoder.decode(stderr).split("\n").filter(isSaid);
  // Not every library has it: what it says of that is no matter of the lanes'.
  const isLack = (line: string) => line.startsWith("skipped: key exchange X25519MLKEM768: ");
  const isPion = (line: string) => line === "skipped: pion/dtls: NETPAIRS_PION is not set";
  const lacking = said.filter(isLack);
  return {
    code,
    stdout: decoder.decode(stdout),
    said: said.filter((line) => !isLack(line) && !isPion(line)),
    lacking,
    isWithoutPion: said.some(isPion),
  };
}

Deno.test("bench.ts measures what a message is made of, and starts no server for it", async () => {
  const { code, stdout, said } = await bench(
    NO_PROCESSES,
    "/^(FFI call$|header encoded|D?TLS record of 100 B)/",
  );
  assertEquals(code, 0, said.join("\n"));
  const { benches }: BenchDocument = JSON.parse(stdout);
  assertEquals(benches.map(({ name }) => name), [
    "FFI call",
    "TLS record of 100 B sealed and opened",
    "DTLS record of 100 B sealed and opened",
    "header encoded",
  ]);
  assert(benches.every(({ group, results }) => group === "basics" && results[0]?.ok));
  assertEquals(said, ["skipped: all lanes: --allow-run is missing; deno task bench has them all"]);
});

Deno.test("bench.ts compares key exchanges, and says which are not there", async () => {
  const { code, stdout, said, lacking } = await bench(ALL, "/^key exchange X25519/");
  assertEquals(code, 0, said.join("\n"));
  const { benches }: BenchDocument = JSON.parse(stdout);
  assertEquals(benches.map(({ results }) => results[0]?.ok !== undefined), [
    true,
    ...lacking.length > 0 ? [] : [true],
  ]);
  assert(benches.every(({ group }) => group === "key exchange"), stdout);
});

Deno.test("bench.ts sets TLS streams beside Deno's own", async () => {
  const { code, stdout, said } = await bench(ALL, "/^library: TLS stream .* calls, /");
  assertEquals(code, 0, said.join("\n"));
  const { benches }: BenchDocument = JSON.parse(stdout);
  assertEquals(benches.map(({ name, baseline }) => [name.split(", ").at(-1), baseline]), [
    ["Deno", true],
    ["netpairs", false],
    ["node:tls", false],
  ]);
  assert(benches.every(({ results }) => results[0]?.ok), stdout);
  assertEquals(said, []);
});

Deno.test("bench.ts measures the lanes that are asked for", async () => {
  const { code, stdout, said } = await bench(ALL, "/^tcp-(async|sync) once 100 B/");
  assertEquals(code, 0, said.join("\n"));
  const { benches }: BenchDocument = JSON.parse(stdout);
  assertEquals(benches.map(({ name, baseline }) => [name, baseline]), [
    ["tcp-async once 100 B", true],
    ["tcp-sync once 100 B", true],
  ]);
  assert(benches.every(({ results }) => results[0]?.ok), stdout);
  assertEquals(said, []);
});

Deno.test("bench.ts skips the lanes whose library is missing, and says so once", async () => {
  const env = { NETPAIRS_LIBSSL: "/nowhere/libssl.so" };
  const { code, stdout, said } = await bench(ALL, "/^DTLS|dtls-sync/", env);
  assertEquals(code, 0, said.join("\n"));
  assertEquals((JSON.parse(stdout) as BenchDocument).benches, []);
  assertEquals(said.length, 1, said.join("\n"));
  assertMatch(said[0]!, /^skipped: tls-async-openssl, .*dtls-spin-openssl: OpenSSL 3 is missing/);
  assertMatch(said[0]!, /install that: /);
});

Deno.test("bench.ts refuses a NETPAIRS_BENCH that it does not know in one line", async () => {
  const { code, said } = await bench(ALL, "header", { NETPAIRS_BENCH: "some" });
  assertEquals(code, 2);
  assertEquals(said[0], 'error: NETPAIRS_BENCH=some: only "all" is known, or leave it out');
  assertEquals(said.length, 1, said.join("\n"));
});

Deno.test("bench.ts says that there is no peer on pion/dtls, or which one cannot be started", async () => {
  const { code, isWithoutPion } = await bench(ALL, "header");
  assertEquals([code, isWithoutPion], [0, true]);
  const program = "/nowhere/pion-peer";
  const other = await bench([...ALL, `--allow-run=${program}`], "header", {
    NETPAIRS_PION: program,
  });
  assertEquals([other.code, other.said.length], [2, 1], other.said.join("\n"));
  assertMatch(
    other.said[0]!,
    /^error: NETPAIRS_PION=\/nowhere\/pion-peer is no peer that can be started: /,
  );
});

Deno.test("LaneStage.close() ends the server of the case that is played", async () => {
  const stage = new LaneStage();
  const [one, other] = casesOf(sizesOfBench("")).filter(({ lane }) => lane.name === "tcp-async");
  await stage.play(one!);
  await stage.exchange();
  const { port } = stage;
  await stage.play(other!);
  const connect = (port: number) => () => Deno.connect({ hostname: "127.0.0.1", port });
  await assertRejects(connect(port), Deno.errors.ConnectionRefused);
  await stage.exchange();
  await stage.close();
  await assertRejects(connect(stage.port), Deno.errors.ConnectionRefused);
  await stage.close();
});

Deno.test("casesOf() has TCP first among the lanes that are compared, and every lane", () => {
  for (const value of [undefined, "all"]) {
    const cases = casesOf(sizesOfBench(value));
    const lanes = new Set(cases.map(({ lane }) => lane.name));
    assertEquals(lanes.size, 13);
    let last = "";
    for (const { lane, mode, sizeBytes } of cases) {
      const group = `${mode === "once"} ${sizeBytes} ${lane.io}`;
      if (group !== last) assertEquals(lane.protocol, "tcp", group);
      last = group;
    }
  }
  assertEquals(casesOf(sizesOfBench("all")).length, 22 * (13 + 10 + 6));
});
