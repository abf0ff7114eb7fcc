/** What the README shows, tried. */
import { join, toFileUrl } from "../common/base/std.ts";
import { assert, assertEquals, assertMatch } from "../common/testing/assert.ts";
import { within } from "../common/testing/within.ts";
import { ROOT } from "./lib/children.ts";
import { Workplace } from "../common/testing/pairs.ts";

/** The programs under "DTLS for your own program", at most 15 lines each besides blank ones. */
async function programs(port: number): Promise<string[]> {
  const readme = await Deno.readTextFile(join(ROOT, "README.md"));
  const section = readme.split("## DTLS for your own program")[1]!.split("\n## ")[0]!;
  const blocks = [...section.matchAll(/```ts ignore\n(.*?)```/gs)].map((match) => match[1]!);
  const library = toFileUrl(join(ROOT, "dtls", "mod.ts")).href;
  const names = /\.\/dtls\/mod\.ts|netpairs\/dtls/;
  return blocks.map((block) =>
    block.replace(names, library).replace("4433", `${port}`).replaceAll("4434", `${port}`)
  );
}

function freeUdpPort(): number {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  socket.close();
  return (socket.addr as Deno.NetAddr).port;
}

async function outputOnceServed(client: Deno.Command) {
  for (;;) {
    const { code, ...output } = await client.output();
    const [stdout, stderr] = [output.stdout, output.stderr].map((bytes) =>
      new TextDecoder().decode(bytes)
    );
    if (!stderr!.includes("ConnectionRefused")) return { code, stdout: stdout!, stderr: stderr! };
  }
}

Deno.test("README's DTLS programs work outside the project, with just their permissions", async () => {
  await using place = await Workplace.make();
  const blocks = (await programs(freeUdpPort())).slice(0, 2);
  for (const block of blocks) {
    assert(block.trim().split("\n").filter((line) => line !== "").length < 15);
  }
  await Deno.mkdir(place.path("certs/pem"), { recursive: true });
  for (const name of ["ca", "server-cert", "server-key", "client-cert", "client-key"]) {
    await Deno.copyFile(place.path(`${name}.pem`), place.path(`certs/pem/${name}.pem`));
  }
  const [server, client] = await Promise.all(blocks.map(async (block, i) => {
    const script = place.path(`program_${i}.ts`);
    await Deno.writeTextFile(script, block);
    return new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--allow-net", "--allow-ffi", "--allow-read=certs/pem", script],
      cwd: place.dir,
      stdout: "piped",
      stderr: "piped",
    });
  }));
  const serving = server!.spawn();
  // Until the server is there, a client is refused.
  const { code, stdout, stderr } = await within(outputOnceServed(client!));
  serving.kill("SIGTERM");
  await serving.output();
  assertEquals(code, 0, stderr);
  assertMatch(stdout, /^hello\nDTLSv1\.[23] \S+ CN=.*server/);
});

Deno.test("README names every task and every lane's folder as they are", async () => {
  const readme = await Deno.readTextFile(join(ROOT, "README.md"));
  const { tasks } = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json")));
  for (const [, task] of readme.matchAll(/(?:deno|deno@[\d.]+) task ([a-z]+)/g)) {
    assert(task! in tasks, `there is no task ${task}`);
  }
  for (const [, path] of readme.matchAll(/\]\(([^):]+)\)/g)) {
    assert((await Deno.stat(join(ROOT, path!))).isFile, path);
  }
});

Deno.test("README's program with a key keeps its session in a file, and resumes it", async () => {
  await using place = await Workplace.make();
  const [, , program, ...more] = await programs(freeUdpPort());
  assertEquals(more.length, 0);
  await Deno.writeTextFile(place.path("program.ts"), program!);
  const permissions = ["--allow-net", "--allow-ffi", "--allow-read=.", "--allow-write=."];
  const args = ["run", "--no-prompt", ...permissions, place.path("program.ts")];
  const command = new Deno.Command(Deno.execPath(), { args, cwd: place.dir });
  const { code, stdout, stderr } = await within(command.output());
  const [said, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals(code, 0, errors);
  assertEquals(said, "true sensor-7\n");
});
