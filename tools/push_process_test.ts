/** push as a process, with the permissions that its task has. */
import { assert, assertEquals } from "../common/testing/assert.ts";
import { testCertificates, textsOf } from "../common/testing/certs.ts";
import { type Folder, folderWith } from "../common/testing/folder.ts";
import { findProgram } from "../common/testing/programs.ts";
import { inShortTime } from "../common/testing/short_time.ts";
import { within } from "../common/testing/within.ts";
import { join } from "../common/base/std.ts";
import { ROOT } from "./lib/children.ts";

/** Its permissions, as deno.json has them. */
async function taskPermissions(): Promise<string[]> {
  const { tasks } = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json")));
  return tasks.push.command.split(" ").filter((word: string) => word.startsWith("--allow"));
}

/** A current folder with a machine at a port, and certificates. */
async function workplace(port: number): Promise<Folder> {
  const hosts = `hosts: [{host: 127.0.0.1, port: ${port}, role: server}]`;
  const certificates = Object.entries(textsOf(await testCertificates()))
    .map(([name, text]) => [`certs/pem/${name}`, text] as const);
  return await folderWith({ "hosts.yaml": hosts, ...Object.fromEntries(certificates) });
}

/** Starts push in the folder. */
async function start(
  place: Folder,
  { env = {}, args = [] }: { env?: Record<string, string>; args?: string[] } = {},
): Promise<Deno.ChildProcess> {
  const permissions = (await taskPermissions())
    .map((permission) => permission.replace("--allow-read=.", `--allow-read=.,${ROOT}`));
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      ...permissions,
      join(ROOT, "tools/push.ts"),
      "hosts.yaml",
      ...args,
    ],
    cwd: place.dir,
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function ended(child: Deno.ChildProcess): Promise<[code: number, out: string, err: string]> {
  const { code, stdout, stderr } = await within(child.output());
  const decoder = new TextDecoder();
  return [code, decoder.decode(stdout), decoder.decode(stderr)];
}

Deno.test({
  name: "push ends on Ctrl-C while a machine does not answer, and ssh with it",
  ignore: findProgram("ssh") === null || Deno.build.os === "windows",
  async fn() {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    await using place = await workplace(listener.addr.port);
    const child = await start(place);
    using silent = await within(listener.accept());
    child.kill("SIGINT");
    assertEquals(await ended(child), [130, "", "error: interrupted: 0 of 1 machines are done\n"]);
    // What ssh has said of itself comes before the end of its connection.
    for await (const _ of silent.readable);
  },
});

Deno.test({
  name: "push gives up a machine that takes a connection and says nothing",
  ignore: findProgram("ssh") === null,
  async fn() {
    // Ssh has to start in this time, too.
    await inShortTime(1000, async (timeoutMs) => {
      const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const accepting = listener.accept().catch(() => null);
      await using place = await workplace(listener.addr.port);
      const child = await start(place, { args: ["--timeout-ms", String(timeoutMs)] });
      const [code, stdout] = await ended(child);
      listener.close();
      using silent = await accepting;
      assertEquals([code, stdout], [1, "127.0.0.1: it does not answer in time\n"]);
      assert(silent !== null, "ssh has not connected");
    });
  },
});

Deno.test("push says where ssh is missing, and what to install", async () => {
  await using place = await workplace(1);
  const child = await start(place, { env: { PATH: place.dir } });
  const [code, stdout, stderr] = await ended(child);
  assertEquals([code, stderr.split("\n").at(-2)], [1, "error: 1 of 1 machines failed"]);
  assertEquals(
    stdout,
    "127.0.0.1: there is no ssh on this machine; install OpenSSH's client (apt install " +
      "openssh-client, dnf install openssh-clients)\n",
  );
});
