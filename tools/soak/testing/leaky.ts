/**
 * A program that leaves a BIO and its buffer each time, and says what is found of that.
 *
 *     deno run --allow-ffi --allow-read --allow-write=results --allow-run=cc leaky.ts TIMES
 *
 * @module
 */
import { print } from "../../../common/base/output.ts";
import { loadOpenSsl } from "../../../common/openssl/bindings/library.ts";
import { MemoryBio } from "../../../common/openssl/bindings/memory_bio.ts";
import { leftBy } from "../allocations.ts";
import { AllocationCounter, compileCounter } from "../counter.ts";

const file = compileCounter();
if (typeof file === "string") throw new Error(file);
using _file = file;
const counter = new AllocationCounter(file.path);
const times = Number(Deno.args[0]);
const leak = () => new MemoryBio(loadOpenSsl());
const free = () => leak().close();
const [left, none] = [await leftBy(counter, leak, times), await leftBy(counter, free, times)];
print(`${JSON.stringify([left, none])}\n`);
