import { defaultLane, laneOptions, LANES, permissionsOf } from "./lanes.ts";
import { assert, assertEquals } from "../testing/assert.ts";

Deno.test("LANES are the thirteen of the design", () => {
  assertEquals(LANES.map(({ name }) => name), [
    ...["tcp-async", "tcp-sync", "tcp-spin", "udp-async", "udp-sync", "udp-spin"],
    ...["tls-async-rustls", "tls-async-openssl", "tls-sync-openssl", "tls-spin-openssl"],
    ...["dtls-async-openssl", "dtls-sync-openssl", "dtls-spin-openssl"],
  ]);
});

Deno.test("defaultLane() is the one of the event loop", () => {
  assertEquals(
    (["tcp", "udp", "tls", "dtls"] as const).map((protocol) => defaultLane(protocol).name),
    ["tcp-async", "udp-async", "tls-async-rustls", "dtls-async-openssl"],
  );
});

Deno.test("laneOptions() choose the lane", () => {
  const options = (name: string) =>
    laneOptions(LANES.find((lane) => lane.name === name)!).join(" ");
  assertEquals(options("udp-spin"), "--io spin");
  assertEquals(options("tls-sync-openssl"), "--io sync --engine openssl");
  assertEquals(options("dtls-async-openssl"), "--io async");
});

Deno.test("permissionsOf() asks for FFI where C is called, and for files where keys are read", () => {
  for (const { name, io, engine } of LANES) {
    const permissions = permissionsOf({ io, engine }, "certs");
    assert(permissions.includes("--allow-net"), name);
    const calls = io !== "async" || engine === "openssl";
    assertEquals(permissions.includes("--allow-ffi"), calls, name);
    assertEquals(permissions.includes("--allow-read=certs"), engine !== null, name);
    assertEquals(permissions.includes("--allow-env=NETPAIRS_LIBSSL"), engine === "openssl", name);
  }
});
