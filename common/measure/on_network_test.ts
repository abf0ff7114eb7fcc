import { assertEquals } from "../testing/assert.ts";
import { onNetworkUs } from "./on_network.ts";

Deno.test("onNetworkUs() adds each round trip, and TCP's connect", () => {
  assertEquals(onNetworkUs(5000, 3, "dtls", 20), 65_000);
  assertEquals(onNetworkUs(5000, 2, "tls", 20), 65_000);
  assertEquals(onNetworkUs(0, 1, "tls", 100), 200_000);
});
