import { decodeText, tag, type BerNode } from '../asn1/index.js';
import { readableOr } from '../errors/index.js';
import { csrAttributeOids, type CertificationRequest } from './certification-request.js';

/** Periods a Windows client may name in `ValidityPeriod`, in days. */
const daysOf: ReadonlyMap<string, number> = new Map([
  ['seconds', 1 / 86_400],
  ['minutes', 1 / 1440],
  ['hours', 1 / 24],
  ['days', 1],
  ['weeks', 7],
  ['months', 30],
  ['years', 365],
]);

/**
 * Validity a Windows client asks for in its name-value pairs (MS-WCCE §2.2.2.7.10): `ValidityPeriod`
 * ("Days") and `ValidityPeriodUnits` ("30"). In days, with a fraction for hours and less. Undefined when
 * not asked for or not understood.
 */
export function requestedValidityDays(csr: CertificationRequest): number | undefined {
  const pairs = nameValuePairs(csr);
  const period = daysOf.get(pairs.get('validityperiod')?.toLowerCase() ?? '');
  const units = pairs.get('validityperiodunits') ?? '';
  if (period === undefined || !/^\d{1,9}$/.test(units) || Number(units) === 0) return undefined;
  return Number(units) * period;
}

/** Names in lower case, as Windows compares them; the first of each counts. */
function nameValuePairs(csr: CertificationRequest): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const { oid, values } of csr.attributes) {
    if (oid !== csrAttributeOids.msEnrollmentNameValuePair) continue;
    for (const { children } of values.flatMap(pairNodes)) {
      const [name, value] = children.map(readText);
      if (name === undefined || value === undefined) continue;
      if (!pairs.has(name.toLowerCase())) pairs.set(name.toLowerCase(), value);
    }
  }
  return pairs;
}

/** Undefined for what is no string, or one in segments that are none. */
function readText(node: BerNode): string | undefined {
  return readableOr(undefined, () => decodeText(node)?.trim());
}

/** Windows puts one pair into each attribute value; MS-WCCE also speaks of a SEQUENCE OF pairs. */
function pairNodes(value: BerNode): readonly BerNode[] {
  return value.children[0]?.is(tag.sequence) === true ? value.children : [value];
}
