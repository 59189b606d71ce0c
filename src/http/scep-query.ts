/** The query of a SCEP request (RFC 8894 §4.1), read from the raw text. */
export interface ScepQuery {
  /** As sent, percent-decoded; undefined when absent or empty. */
  readonly operation: string | undefined;
  /** Raw, still percent-encoded: what it means depends on the operation. Undefined when absent. */
  readonly message: string | undefined;
}

/** Names in any case, in any order; of duplicates the first counts; all else is ignored. */
export function parseScepQuery(query: string): ScepQuery {
  let operation: string | undefined;
  let message: string | undefined;
  for (const parameter of query.split('&')) {
    const equals = parameter.indexOf('=');
    const name = equals < 0 ? parameter : parameter.slice(0, equals);
    const value = equals < 0 ? '' : parameter.slice(equals + 1);
    // The long one first, without a look inside: a PKIOperation by GET is tens of kilobytes.
    if (/^message$/i.test(name)) message ??= value;
    else if (/^operation$/i.test(decodeText(name))) operation ??= decodeText(value).trim();
  }
  return { operation: operation === '' ? undefined : operation, message };
}

function decodeText(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '));
  } catch {
    return value;
  }
}
