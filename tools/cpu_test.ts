/** `--cpu` keeps an end on one core, on the kinds of I/O where one thread does it all. */
import { assert, assertEquals } from "../common/testing/assert.ts";
import { StubServer } from "../common/testing/stub_peers.ts";
import { assertOneLine, laneNamed, Workplace } from "../common/testing/pairs.ts";

/** A core is chosen before a lane is prepared: a lane of each kind shows that it is kept. */
const CALLING = ["tcp-sync", "dtls-spin-openssl"].map(laneNamed);

const PINS = Deno.build.os === "linux";
if (!PINS) console.log(`--cpu is not tested: ${Deno.build.os} lets no program choose its core`);

const AFFINITY = {
  // int sched_getaffinity(pid_t pid, size_t cpusetsize, cpu_set_t *mask);
  sched_getaffinity: { parameters: ["i32", "usize", "buffer"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/** The cores that a process's main thread may run on. Only --allow-all may read /proc. */
function coresOf(pid: number): number[] {
  const libc = Deno.dlopen("libc.so.6", AFFINITY);
  const mask = new Uint8Array(128);
  const result = libc.symbols.sched_getaffinity(pid, BigInt(mask.length), mask);
  libc.close();
  assert(result === 0, `there is no process ${pid}`);
  return Array.from({ length: 1024 }, (_, core) => core)
    .filter((core) => mask[core >> 3]! >> (core & 7) & 1);
}

for (const lane of CALLING) {
  Deno.test({
    name: `${lane.name} ends stay on the core that --cpu names`,
    ignore: !PINS,
    async fn() {
      await using place = await Workplace.make();
      // Not every machine lets a program use its first core.
      const core = coresOf(Deno.pid).at(-1)!;
      const server = await place.serve(lane, ["--cpu", String(core)]);
      assertEquals(coresOf(server.process.pid), [core]);

      const options = { answers: () => false, sizeBytes: 100 };
      await using silent = await StubServer.listen(lane.protocol, options);
      const args = ["--cpu", String(core), "--sizes", "100", "--port", String(silent.port)];
      const client = place.start(lane, "client", args);
      await silent.silent;
      assertEquals(coresOf(client.pid), [core]);
    },
  });
}

for (const role of ["client", "server"] as const) {
  Deno.test({
    name: `tcp ${role} says that there is no such core`,
    ignore: !PINS,
    async fn() {
      await using place = await Workplace.make();
      const args = ["--cpu", "1023", "--port", role === "server" ? "0" : "1"];
      const ending = await place.run(laneNamed("tcp-sync"), role, args);
      const line =
        /^error: --cpu 1023: no such core for this program; it may use \d+, counted from 0$/;
      assertOneLine(ending, 2, line);
    },
  });
}

Deno.test("tcp client refuses --cpu on the event loop, and a core that no system has", async () => {
  await using place = await Workplace.make();
  const [sync, async] = [laneNamed("tcp-sync"), laneNamed("tcp-async")];
  assertOneLine(
    await place.run(async, "client", ["--cpu", "0"]),
    2,
    /^error: --cpu 0 goes with --io sync or spin: there one thread does it all$/,
  );
  assertOneLine(
    await place.run(sync, "client", ["--cpu", "1024"]),
    2,
    /^error: --cpu 1024: a whole number from 0 to 1023 is allowed$/,
  );
});
