import { der } from '../../asn1/index.js';
import { Name } from '../../x509/index.js';

const commonName = '2.5.4.3';

/**
 * The name of a CA that takes over: the last CN gets its generation, `CN=Example CA` becomes
 * `CN=Example CA G2` and later `CN=Example CA G3`. Two keys under one name would work by key identifiers
 * alone; with two names a CRL and a chain can be told apart by anyone.
 */
export function successorName(present: Name, generation: number): Name {
  const names = present.rdns.flat().filter(({ type }) => type === commonName);
  const last = names.at(-1);
  const rdns = present.rdns.map((rdn) =>
    der.setOf(
      ...rdn.map((pair) =>
        der.sequence(
          der.oid(pair.type),
          pair === last && pair.value !== undefined
            ? der.utf8String(`${pair.value.replace(/ G\d+$/, '')} G${generation}`)
            : pair.der,
        ),
      ),
    ),
  );
  if (last?.value === undefined)
    rdns.push(der.setOf(der.sequence(der.oid(commonName), der.utf8String(`G${generation}`))));
  return Name.fromDer(der.sequence(...rdns));
}
