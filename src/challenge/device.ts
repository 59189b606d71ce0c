import { foldDevice } from './folding.js';

/**
 * Whether a request names one of these devices (serial number, UDID): as the whole value of a subject
 * attribute or of a SAN, or as the first label of a host name. To find it anywhere in a value would let
 * `CN=chief-executive` pass for a device beside it.
 */
export function namesDevice(
  devices: readonly string[],
  request: { readonly subject: string; readonly san: readonly string[] },
): boolean {
  const named = new Set([...subjectValues(request.subject), ...sanValues(request.san)]);
  return devices.some((device) => named.has(foldDevice(device)));
}

/** Of `Name.text`: separators that belong to a value are escaped there. */
function subjectValues(subject: string): string[] {
  return subject
    .split(/(?<!\\)[,+]/)
    .map((pair) => foldDevice(pair.slice(pair.indexOf('=') + 1).replace(/\\(.)/g, '$1')));
}

function sanValues(san: readonly string[]): string[] {
  return san.flatMap((entry) => {
    const colon = entry.indexOf(':');
    const value = entry.slice(colon + 1);
    const isHost = entry.slice(0, colon).toLowerCase() === 'dns';
    return [foldDevice(value), ...(isHost ? [foldDevice(value.split('.')[0] ?? '')] : [])];
  });
}
