import { assert, assertEquals, assertMatch, assertThrows } from "../../common/testing/assert.ts";
import { UsageError } from "../../common/base/errors.ts";
import type { HandshakeMessage } from "../../common/model/handshake_message.ts";
import { mermaidDiagram, mermaidOf } from "./mermaid.ts";
import { fakeDocument, fakeRun } from "./testdata/documents.ts";
import { fakeHandshakes, tracedDocument, tracedRun } from "./testdata/handshakes.ts";

function diagramOf(change: Partial<HandshakeMessage>, title = "a title"): string[] {
  const [handshake] = fakeHandshakes("dtls12");
  const events = handshake!.events.map((event, i) => i === 0 ? { ...event, ...change } : event);
  return mermaidDiagram({ ...handshake!, events }, tracedRun("dtls12"), title).trimEnd().split(
    "\n",
  );
}

/** What the grammar of a sequenceDiagram takes, and what this program needs of it. */
const LINE =
  /^( {4}(title|participant [CS] as (client|server)|Note over C,S:|[CS]--?>>[CS]:) ?([\p{L}\p{N} .,:()'*_+?=-]|#\d+;)*|sequenceDiagram)$/u;

Deno.test("mermaidOf() has a diagram for each lane, full and resumed, in its grammar", () => {
  const text = mermaidOf([{ path: "", folder: "", logs: [], document: tracedDocument() }]);
  const titles = [...text.matchAll(/^## (.*)$/gm)].map(([, title]) => title);
  assertEquals(titles.length, 9, titles.join());
  assertEquals(titles[0], "tls-async-openssl, TLS 1.2: first handshake");
  const blocks = [...text.matchAll(/^```mermaid\n(.*?)^```$/gms)].map(([, block]) => block!);
  assertEquals(blocks.length, 9);
  for (const line of blocks.flatMap((block) => block.trimEnd().split("\n"))) {
    assertMatch(line, LINE);
  }
  const resumed = blocks[1]!.split("\n").slice(4, 8).map((line) => line.trim());
  assertEquals(
    resumed[0],
    "Note over C,S: 1 round trip + 1 of TCP's connect before the client can " +
      "send data#59; 6 messages, 928 bytes",
  );
  assertMatch(resumed[2]!, /^C->>S: ClientHello .* and a session to resume$/);
  assertMatch(resumed[3]!, /^Note over C,S: the client waits for the server's Finished: that /);
  assertMatch(blocks[1]!, /Note over C,S: resumed: keys of the old session's secret alone/);
  const lossy = blocks.find((block) => block.includes("sent again"))!;
  assertMatch(lossy, /^ {4}S-->>C: Certificate \(468 bytes\): sent again from byte 488 on$/m);
  assertMatch(lossy, /^ {4}S->>C: Certificate \(468 bytes\): from byte 488 on$/m);
});

Deno.test("mermaidDiagram() shows names of a document as text, whatever they hold", () => {
  for (
    const name of [
      ...["Hello;", "a #35; b", "<b>&amp;</b>", "x\nS->>C: y", "%%{init: {}}%%", "```", "\u202e"],
      ...['"quoted"', "[a] {b} |c| \\ / ~ ^ $ @ !"],
    ]
  ) {
    const lines = diagramOf({ name }, name);
    assertEquals(lines.length, diagramOf({}).length, name);
    for (const line of lines) assertMatch(line, LINE);
    const shown = lines.find((line) => line.startsWith("    C->>S: "))!.slice("    C->>S: ".length)
      .replace(/#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
    assert(
      shown.startsWith(name === "\u202e" ? "\\u202e (" : `${name.replace("\n", " ")} (`),
      shown,
    );
  }
});

Deno.test("mermaidOf() says how to get a trace where there is none", () => {
  const document = fakeDocument([fakeRun({ protocol: "tls", io: "sync", engine: "openssl" })]);
  assertThrows(
    () => mermaidOf([{ path: "a.json", folder: "", logs: [], document }]),
    UsageError,
    "no handshake was traced in a.json; run lanes with --trace, or name the folder of an older run",
  );
});
