import { assertEquals } from "../../testing/assert.ts";
import { KEY_UPDATE_SUITE, sealedRecord, trafficSecret } from "../../testing/key_updates.ts";
import { connectedNet } from "../../testing/memory_net.ts";
import { NOT_YET } from "../../base/read_result.ts";
import { loadOpenSsl } from "../bindings/library.ts";
import { StreamRecords } from "./stream_records.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

const RECORD = Uint8Array.of(23, 3, 3, 0, 3, 7, 7, 7);

Deno.test("pass() knows a record that comes alone, and whole", () => {
  const records = new StreamRecords();
  const two = Uint8Array.of(...RECORD, ...RECORD);
  for (const cut of [0, 1, 4, 5, 7]) {
    const parts = [RECORD, two.subarray(0, cut), two.subarray(cut), RECORD].map((part) =>
      records.pass(part)
    );
    assertEquals(parts, [true, false, false, true]);
  }
});

Deno.test("pass() takes no part of a record for one, whatever is in it", () => {
  const records = new StreamRecords();
  const outer = [23, 3, 3, 0, 9];
  const parts = [Uint8Array.of(...outer, 0), RECORD, RECORD];
  assertEquals(parts.map((part) => records.pass(part)), [false, false, true]);
});

Deno.test("read() gives all that has come of a peer that puts a header into a record's ciphertext", async () => {
  const lines: string[] = [];
  const keyLog = (line: string) => void lines.push(line);
  const suites = { cipherSuites: KEY_UPDATE_SUITE, maxVersion: "TLSv1.3", keyLog } as const;
  using net = await connectedNet({ datagram: false, server: suites });
  const session = net.client.session!;
  const secret = trafficSecret(lines, "server");
  // It has sent two tickets.
  const first = 2;
  const data = (sequence: number) => sealedRecord(secret, sequence, Uint8Array.of(1, 23));
  const rest = [1, 2, 3, 4].map((i) => data(first + i));
  // Behind its own header the first one's ciphertext looks like a record's that ends where the last one does.
  const length = 100 + rest.reduce((sum, record) => sum + record.length, 0);
  const wanted = Uint8Array.of(0, 23, 3, 3, length >> 8, length & 255);
  const plain = new Uint8Array(100 + 6 - 16);
  const stream = sealedRecord(secret, first, plain).subarray(5);
  for (const [i, byte] of wanted.entries()) plain[i] = byte ^ stream[i]!;
  plain[plain.length - 1] = 23;
  const lying = sealedRecord(secret, first, plain);
  const into = new Uint8Array(1000);
  session.feed(lying.subarray(0, 6));
  assertEquals(session.read(into), NOT_YET);
  session.feed(Uint8Array.of(...lying.subarray(6), ...rest.flatMap((record) => [...record])));
  assertEquals(session.read(into), plain.length - 1 + rest.length);
});
