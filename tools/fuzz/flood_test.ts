import { Distribution } from "../../common/measure/statistics.ts";
import { assertEquals } from "../../common/testing/assert.ts";
import { percentile } from "./flood.ts";

function most(times: number, slow: number): number {
  const series = new Distribution();
  for (let i = 0; i < times; i++) series.record(1000);
  for (let i = 0; i < slow; i++) series.record(30_000_000);
  return Math.round(percentile(series, "p99"));
}

Deno.test("a client that a flood leaves hardly any round trip has those counted", () => {
  assertEquals([most(990, 1), most(900, 100), most(0, 20), most(0, 0)], [1, 30_000, 30_000, 0]);
});
