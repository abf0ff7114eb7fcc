import { RunError } from "../base/errors.ts";
import { assertRejects } from "../testing/assert.ts";
import { folderWith } from "../testing/folder.ts";
import { loadCertificates } from "./certificate_files.ts";

const COPY = "copy the folder certs/pem of the server's machine to ";
const MAKE = "put it there, or make certificates with: deno task certs --dir ";

Deno.test("loadCertificates() tells a client of another machine's server to copy that one's", async () => {
  await using place = await folderWith();
  const files = { certs: place.dir, keyPassphraseFile: null };
  const says = (hint: string, role: "client" | "server", hostname?: string) =>
    assertRejects(
      () => loadCertificates({ ...files, ...(hostname === undefined ? {} : { hostname }) }, role),
      RunError,
      `ca.pem: no such file; ${hint}${place.dir}`,
    );
  for (const host of ["192.0.2.7", "server.example", "2001:db8::1", "127.example"]) {
    await says(COPY, "client", host);
  }
  for (const host of ["127.0.0.1", "::1", "localhost", "a.localhost.", "0.0.0.0", "::"]) {
    await says(MAKE, "client", host);
  }
  await says(MAKE, "client");
  await says(MAKE, "server", "192.0.2.7");
});
