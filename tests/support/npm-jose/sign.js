// Reads a JSON array of {key, header, payload} and prints the array of compact
// tokens: signed by the npm package jose.
import { readFileSync } from "node:fs";
import { CompactSign, importJWK } from "jose";

const tokens = [];
for (const { key, header, payload } of JSON.parse(readFileSync(0, "utf8"))) {
  const secret = await importJWK(key, header.alg);
  tokens.push(await new CompactSign(new TextEncoder().encode(payload))
    .setProtectedHeader(header).sign(secret));
}
console.log(JSON.stringify(tokens));
