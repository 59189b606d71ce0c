/** The guard in front of every parser, and what reads single elements. */
import {
  decodeOid,
  decodeText,
  decodeTime,
  definiteForm,
  encodeOid,
  encodeTime,
  parseBer,
  tag,
  type BerNode,
} from '../../src/asn1/index.js';
import { mutateDer } from '../mutators/der.js';
import { agree, type Target } from '../target.js';
import { derExamples, messageExamples } from '../examples.js';

const refuses = ['asn1.*'];

export const targets: readonly Target[] = [
  {
    name: 'ber',
    about: 'the bounded BER walk, and every view on an element',
    prepare: async () => ({
      seeds: [...(await derExamples()), ...messageExamples()],
      mutate: mutateDer,
      refuses,
      run: (input) => {
        const root = parseBer(input);
        agree('octets of the root', root.raw.length, input.length);
        visit(root, 0);
        return `ok ${root.constructed ? 'constructed' : 'primitive'}`;
      },
    }),
  },
  {
    name: 'definite-form',
    about: 'BER to definite form, which reads the same and stays as it is',
    prepare: async () => ({
      seeds: [...(await derExamples()), ...messageExamples()],
      mutate: mutateDer,
      refuses,
      run: (input) => {
        const once = definiteForm(parseBer(input));
        agree('a second time', definiteForm(parseBer(once)).toString('hex'), once.toString('hex'));
        return once.equals(input) ? 'ok as it was' : 'ok otherwise';
      },
    }),
  },
];

/** Each view either reads or refuses; a child lies within its parent. */
function visit(node: BerNode, depth: number): void {
  refusable(() => {
    const text = node.oid();
    agree('OID', decodeOid(encodeOid(text)), text);
  });
  refusable(() => agree('sign', Number.isInteger(node.smallInteger()), true));
  refusable(() => node.integerBytes());
  refusable(() => node.bits());
  refusable(() => node.octets());
  refusable(() => decodeText(node));
  refusable(() => {
    const date = decodeTime(node);
    if (node.is(tag.utcTime)) agree('time', decodeTime(parseBer(encodeTime(date))), date);
  });
  for (const child of node.children) {
    agree('place', child.start >= node.contentStart && child.end <= node.contentEnd, true);
    visit(child, depth + 1);
  }
}

function refusable(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'GatewayError') throw error;
  }
}
