import { GatewayError } from '../errors/index.js';
import { documentLeaves, type DocumentLeaf } from './document-leaves.js';

/** What a SCEPChallenge webhook says of the device that the challenge is for. */
export interface JamfEvent {
  readonly serialNumber: string | undefined;
  readonly udid: string | undefined;
}

/** A bare `uuid` is a device's only inside of one: that of a payload binds nothing. */
const devices: ReadonlySet<string> = new Set([
  'device',
  'computer',
  'mobiledevice',
  'targetdevice',
]);

/**
 * Jamf Pro posts JSON, or XML where the webhook is set up so; Fleet and others add `event.device`. The
 * names are looked for wherever they stand, because the whole event is documented nowhere.
 * @throws GatewayError `http.message` when it is neither, or is another event
 */
export function parseJamfEvent(body: Buffer): JamfEvent {
  const leaves = documentLeaves(body);
  if (leaves === undefined) {
    throw new GatewayError('http.message', 'The body is neither JSON nor XML.', {
      mend: 'Set the content type of the webhook to JSON.',
    });
  }
  const event = valueOf(leaves, ({ name }) => name === 'webhookevent');
  if (event !== undefined && event.toLowerCase() !== 'scepchallenge') {
    throw new GatewayError('http.message', 'This webhook answers the event SCEPChallenge only.');
  }
  return {
    serialNumber: valueOf(leaves, ({ name }) => name === 'serialnumber'),
    udid: valueOf(
      leaves,
      ({ name, parent }) => name === 'udid' || (name === 'uuid' && devices.has(parent)),
    ),
  };
}

function valueOf(
  leaves: readonly DocumentLeaf[],
  fits: (place: { readonly name: string; readonly parent: string }) => boolean,
): string | undefined {
  const leaf = leaves.find(({ path }) => {
    const name = (path.at(-1) ?? '').replace(/[_-]/g, '');
    const parent = (path.at(-2) ?? '').replace(/[_-]/g, '');
    return fits({ name, parent });
  });
  const text = leaf?.text.trim();
  return text !== undefined && /^[\x20-\x7e]{1,64}$/.test(text) ? text : undefined;
}
