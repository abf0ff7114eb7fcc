/**
 * What {@linkcode MemoryServer} starts: reads certificates, listens, and answers each line of stdin
 * with its resident memory; ends with stdin.
 *
 * @module
 */
import { listenDtls } from "../../dtls/mod.ts";

const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream()).getReader();
let text = "";
const nextLine = async (): Promise<string | null> => {
  while (!text.includes("\n")) {
    const { value, done } = await lines.read();
    if (done) return null;
    text += value;
  }
  const [line = "", ...rest] = text.split("\n");
  text = rest.join("\n");
  return line;
};
const say = (value: number) => Deno.stdout.write(new TextEncoder().encode(`${value}\n`));

const { ca, server } = JSON.parse(await nextLine() ?? "");
const listener = listenDtls({
  ...{ hostname: "127.0.0.1", port: 0, caCerts: [ca], clientCertificate: "require" },
  ...server,
});
(async () => {
  for await (const conn of listener) conn.handshake().catch(() => {});
})();
await say(listener.addr.port);
while (await nextLine() !== null) {
  (globalThis as { gc?: () => void }).gc?.();
  await say(Deno.memoryUsage().rss);
}
Deno.exit(0);
