/**
 * A folder with all that push and fetch need, and an sshd to talk to.
 *
 * @module
 */
import type { CertificateSet } from "../../certs/generate.ts";
import { join } from "../base/std.ts";
import { testCertificates, textsOf } from "./certs.ts";
import { type Folder, folderWith } from "./folder.ts";
import { Sshd } from "./sshd.ts";

/** What a test says of the machine. */
interface Entry {
  folder: string;
  name?: string;
  role?: string;
  port?: number;
  identityFile?: string;
  knownHostsFile?: string;
}

/** Gone afterwards, and its sshd with it. */
export class SshdWorkplace implements AsyncDisposable {
  /** It knows the key of this workplace. */
  readonly sshd: Sshd;
  /** The certificates that are pushed. */
  readonly certificates: CertificateSet;
  readonly #folder: Folder;

  private constructor(sshd: Sshd, certificates: CertificateSet, folder: Folder) {
    this.sshd = sshd;
    this.certificates = certificates;
    this.#folder = folder;
  }

  /** With certificates in `certs`, an authority's key among them, and an executable `prog`. */
  static async make(): Promise<SshdWorkplace> {
    const certificates = await testCertificates();
    const files = Object.entries(textsOf(certificates)).map(([name, text]) =>
      [`certs/${name}`, text] as const
    );
    const folder = await folderWith({
      ...Object.fromEntries(files),
      "certs/ca-key.pem": certificates.server.key,
      prog: "#!/bin/sh\necho pushed\n",
    });
    await Deno.chmod(folder.path("prog"), 0o755);
    return new SshdWorkplace(await Sshd.start(), certificates, folder);
  }

  /** A path in the folder. */
  path(name: string): string {
    return this.#folder.path(name);
  }

  /** Writes hosts.yaml; what an entry does not say is good for the sshd. */
  async hosts(...entries: Entry[]): Promise<string> {
    const hosts = await Promise.all(entries.map(async (entry) => ({
      host: "127.0.0.1",
      role: "server",
      port: this.sshd.port,
      identityFile: this.sshd.identityFile,
      knownHostsFile: await this.sshd.knownHosts(entry.port),
      ...entry,
    })));
    const path = this.path("hosts.yaml");
    // JSON is YAML.
    await Deno.writeTextFile(path, JSON.stringify({ hosts }));
    return path;
  }

  /** All files under a folder, by their paths in it; none where it is not there. */
  async filesIn(folder: string): Promise<string[]> {
    const files: string[] = [];
    const look = async (inner: string): Promise<void> => {
      for await (const { name, isDirectory } of Deno.readDir(join(folder, inner))) {
        const path = inner === "" ? name : `${inner}/${name}`;
        if (isDirectory) await look(path);
        else files.push(path);
      }
    };
    await look("").catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
    return files.sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sshd[Symbol.asyncDispose]();
    await this.#folder[Symbol.asyncDispose]();
  }
}
