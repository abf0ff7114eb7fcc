import { assertEquals, assertThrows } from "../assert.ts";
import { findProgram } from "../programs.ts";
import { compiled } from "./compiled.ts";

const ignore = findProgram("cc") === null || findProgram("bash") === null;

Deno.test({
  name: "compiled() says where a missing library comes from",
  ignore,
  fn() {
    const { command, missing } = compiled("mbedtls_peer.c", ["nowhere"], "apt install nowhere");
    assertEquals([command, missing], [null, "apt install nowhere"]);
  },
});

Deno.test({
  name: "compiled() throws where the program itself is at fault",
  ignore,
  fn() {
    assertThrows(
      () => compiled("there_is_none.c", [], "apt install gcc"),
      Error,
      "there_is_none.c",
    );
  },
});
