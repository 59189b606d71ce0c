import { Writable } from 'node:stream';
import { createLog, type Telemetry } from '../../src/telemetry/index.js';

/** A log of JSON lines that is kept as text. */
export function capturedLog(): { readonly telemetry: Telemetry; readonly text: () => string } {
  let text = '';
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  return { telemetry: createLog({ level: 'info', format: 'json', destination }), text: () => text };
}
