import process from "node:process";
import { assert, assertEquals } from "../testing/assert.ts";
import { CpuMeter } from "./cpu_time.ts";

/** Keeps the processor busy for some milliseconds of its time. */
function work(): void {
  const { user, system } = process.cpuUsage();
  for (let now = { user, system }; now.user + now.system < user + system + 20_000;) {
    now = process.cpuUsage();
  }
}

Deno.test("CpuMeter knows nothing before it begins", () => {
  assertEquals(new CpuMeter().read(10), null);
});

Deno.test("CpuMeter counts what the process has taken since it began, by message", () => {
  const meter = new CpuMeter();
  work();
  meter.begin();
  work();
  const { userUs, systemUs, perMessageUs } = meter.read(4)!;
  assert(userUs + systemUs >= 20_000, `${userUs} ${systemUs}`);
  assertEquals(perMessageUs, (userUs + systemUs) / 4);
  assertEquals(meter.read(0)?.perMessageUs, null);
});
