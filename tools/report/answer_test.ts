import { assertEquals, assertMatch } from "../../common/testing/assert.ts";
import { answerOf } from "./answer.ts";
import { jobsOf } from "./jobs.ts";
import { fakeDocument, type FakeRun, fakeRun } from "./testdata/documents.ts";

const TCP: FakeRun = { protocol: "tcp", io: "sync", sizes: [100] };
const UDP: FakeRun = { protocol: "udp", io: "sync", sizes: [100], connect: "once" };
const DTLS: FakeRun = { protocol: "dtls", engine: "openssl", io: "sync", sizes: [100] };

/** Both modes of some lanes, and what a program changes about the document. */
function jobsWith(fakes: FakeRun[], change = (_: ReturnType<typeof fakeDocument>) => {}) {
  const document = fakeDocument(fakes.map(fakeRun));
  change(document);
  return jobsOf([{ path: "", folder: "", document, logs: [] }]);
}

const kept = (fake: FakeRun): FakeRun => ({ ...fake, connect: "once" });
const both = [TCP, UDP, DTLS, { ...DTLS, resume: true }, kept(TCP), kept(DTLS)];

Deno.test("answerOf() says what opening costs, and what a message costs after that", () => {
  const [first, resumed, ...rest] = answerOf(jobsWith(both));
  assertEquals(
    first,
    "With blocking calls, opening costs 144 µs over TCP and 3.17 ms over DTLS; after that a " +
      "message costs 79.9 µs over TCP, 0.85 times that over UDP and 1.2 over DTLS.",
  );
  assertEquals(
    resumed,
    "A connection that resumes the session of an earlier one opens in 943 µs over DTLS.",
  );
  assertEquals(rest, [], "there are no servers whose CPU time would be known");
});

Deno.test("answerOf() says what there is of one mode alone", () => {
  assertMatch(
    answerOf(jobsWith([TCP, DTLS]))[0]!,
    /^With blocking calls, a message on a connection of its own costs 144 µs over TCP and /,
  );
  assertMatch(
    answerOf(jobsWith([kept(DTLS)]))[0]!,
    /^With blocking calls, on an open connection a message costs [\d.]+ µs over DTLS\.$/,
  );
});

Deno.test("answerOf() says which part was lost, and what has failed", () => {
  const [answer] = answerOf(jobsWith(both, ({ runs }) => {
    const dtls = runs.find(({ lane, connect }) =>
      lane === "dtls-sync-openssl" && connect === "once"
    );
    dtls!.sizes[0]!.lost = 30;
    runs.find(({ lane }) => lane === "tcp-sync")!.failure = "the server has gone";
  }));
  assertMatch(answer!, / Lost: 10\.0 % on dtls-sync-openssl\. Failed: tcp-sync\.$/);
});

Deno.test("answerOf() says what both ends take of the processors, and what waiting does", () => {
  const ends = [TCP, kept(TCP), { ...kept(TCP), io: "spin" as const }].flatMap((fake) => [
    fake,
    { ...fake, role: "server" as const },
  ]);
  const answer = answerOf(jobsWith(ends));
  assertMatch(
    answer[1]!,
    /^Of the processors a message on an open connection takes [\d.]+ µs over TCP, both ends /,
  );
  assertMatch(answer[2]!, /: over TCP that is 79\.9 µs with blocking calls and [\d.]+ µs without/);
});

Deno.test("answerOf() has nothing to say of nothing", () => {
  assertEquals(answerOf([]), []);
});
