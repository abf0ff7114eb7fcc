import { assertEquals } from "../common/testing/assert.ts";
import { formatSubject } from "./node_security.ts";

Deno.test("formatSubject() begins with the last part", () => {
  assertEquals(
    formatSubject({ C: "DE", O: "netpairs", CN: "a server" }),
    "CN=a server,O=netpairs,C=DE",
  );
});

Deno.test("formatSubject() writes a repeated part each time", () => {
  assertEquals(formatSubject({ OU: ["first", "second"], CN: "x" }), "CN=x,OU=second,OU=first");
});

Deno.test("formatSubject() escapes what would be read as something else", () => {
  assertEquals(
    formatSubject({ CN: '#a,b+c"d\\e<f>g;h ' }),
    'CN=\\#a\\,b\\+c\\"d\\\\e\\<f\\>g\\;h\\ ',
  );
  assertEquals(formatSubject({ CN: " a = #b" }), "CN=\\ a = #b");
});

Deno.test("formatSubject() of an empty subject is null", () => {
  assertEquals(formatSubject({}), null);
});
