import { UsageError } from "../../common/base/errors.ts";
import { LANES } from "../../common/model/lanes.ts";
import { assertEquals, assertThrows } from "../../common/testing/assert.ts";
import { chooseJobs, jobsIn } from "./choose.ts";

const JOBS = jobsIn(["message"]);

function chosen(text: string | undefined, isQuick = false): string[] {
  return chooseJobs(text, JOBS, isQuick).map(({ name }) => name);
}

Deno.test("jobsIn() resumes nothing on a connection that stays open, and has UDP once", () => {
  const both = jobsIn(["message", "once"]);
  const kept = both.filter(({ connect }) => connect === "once");
  assertEquals(kept.map(({ lane }) => lane), [...LANES]);
  assertEquals(kept.some(({ resume }) => resume), false);
  assertEquals(both.filter(({ lane }) => lane.name === "udp-sync").length, 1);
  const files = both.map(({ file }) => file);
  assertEquals(new Set(files).size, files.length, "every job has logs of its own");
  assertEquals(jobsIn(["once"]).map(({ file }) => file), LANES.map(({ name }) => name));
  assertEquals(JOBS.filter(({ lane }) => lane.protocol === "udp").length, 3);
});

Deno.test("chooseJobs() takes a name in every mode", () => {
  const jobs = chooseJobs("tcp-sync", jobsIn(["message", "once"]), false);
  assertEquals(jobs.map(({ name, connect }) => `${name} ${connect}`), [
    "tcp-sync message",
    "tcp-sync once",
  ]);
});

Deno.test("chooseJobs() takes a whole name for that lane alone", () => {
  for (const { name } of JOBS) assertEquals(chosen(name), [name]);
  assertEquals(chosen("udp-spin,tcp-sync,udp-spin"), ["tcp-sync", "udp-spin"]);
});

Deno.test("chooseJobs() takes a protocol for all of its lanes, resumed ones on async", () => {
  assertEquals(chosen("tcp"), ["tcp-async", "tcp-sync", "tcp-spin"]);
  assertEquals(chosen("tls"), [
    "tls-async-rustls",
    "tls-async-openssl",
    "tls-async-openssl-resumed",
    "tls-sync-openssl",
    "tls-spin-openssl",
  ]);
  assertEquals(chosen("dtls-sync"), ["dtls-sync-openssl"]);
});

Deno.test("chooseJobs() takes * for anything", () => {
  assertEquals(chosen("*-sync"), ["tcp-sync", "udp-sync", "tls-sync-openssl", "dtls-sync-openssl"]);
  assertEquals(chosen("*tls-spin"), ["tls-spin-openssl", "dtls-spin-openssl"]);
  assertEquals(chosen("dtls*resumed").length, 1);
  assertEquals(chosen("dtls-spin*resumed"), ["dtls-spin-openssl-resumed"]);
});

Deno.test("chooseJobs() resumes and spins with the quick plan only where a name says so", () => {
  const plain = LANES.map(({ name }) => name);
  const sleeping = plain.filter((name) => !name.includes("spin"));
  for (const text of [undefined, "*"]) assertEquals(chosen(text, true), sleeping);
  assertEquals(chosen("all", true), plain);
  assertEquals(chosen("udp-spin", true), ["udp-spin"]);
  assertEquals(chosen("all"), JOBS.map(({ name }) => name));
  assertEquals(chosen("tls-async", true), ["tls-async-rustls", "tls-async-openssl"]);
  assertEquals(chosen("tls-async-openssl-resumed", true), ["tls-async-openssl-resumed"]);
});

Deno.test("chooseJobs() refuses a word that no lane begins with, and says which was meant", () => {
  const refused = (text: string, why: string) =>
    assertThrows(() => chosen(text), UsageError, `--lanes ${text}: no lane ${why}`);
  refused("tcp-asnyc", '"tcp-asnyc"; did you mean tcp-async?');
  for (const word of ["tc", "quic", "", "-", "[^]"]) {
    refused(word, `"${word}"; there are tcp-async, tcp-sync, `);
  }
  refused("tcp,", '""; there are ');
});
