import { assertEquals } from "../../common/testing/assert.ts";
import { formatPackets, readingOptions } from "./reading.ts";

const packet = (us: number, fromServer: boolean, what: string) => ({
  ...{ us, fromServer, what, connection: 0 },
});

Deno.test("formatPackets() counts from the connection's first packet, in 80 columns", () => {
  const long = "Server Hello, Certificate, Server Key Exchange, Certificate Request, Server Done";
  assertEquals(
    formatPackets([packet(1700, false, "Client Hello"), packet(2900, true, long)], "lane"),
    `lane
       us  --> to the server, <-- to the client
        0  -->  Client Hello
     1200  <--  Server Hello, Certificate, Server Key Exchange, Certificate
                Request, Server Done
`,
  );
});

Deno.test("formatPackets() shows the first packets of many", () => {
  const packets = Array.from({ length: 100 }, (_, i) => packet(i, false, `Len=${i}`));
  const lines = formatPackets(packets, "lane").split("\n");
  assertEquals(lines.slice(-3), ["       29  -->  Len=29", "           ... and 70 more", ""]);
});

Deno.test("readingOptions() names a port for what is sealed, and the keys where they are", () => {
  const of = (protocol: "tcp" | "udp" | "tls" | "dtls", keyLog: string | null) =>
    readingOptions(protocol, [1443], keyLog).join(" ");
  assertEquals(of("tcp", null), "");
  assertEquals(of("udp", null), "");
  assertEquals(of("tls", null), "-d tcp.port==1443,tls");
  assertEquals(of("dtls", "a b"), "-d udp.port==1443,dtls -o tls.keylog_file:a b");
});
