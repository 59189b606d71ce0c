/** DCE/RPC: what a server, or somebody on the way, sends to the client. */
import { parseBindAck, parseBindNak } from '../../src/dcerpc/bind.js';
import { authType, encodeTrailer, readVerifier } from '../../src/dcerpc/auth-trailer.js';
import { parseFault } from '../../src/dcerpc/call.js';
import { encodeEptMap, parseEptMap } from '../../src/dcerpc/endpoint-mapper.js';
import { openFragment, Reassembly } from '../../src/dcerpc/fragments.js';
import { announcedOctets, encodePdu, parsePdu, pduType } from '../../src/dcerpc/pdu.js';
import { NdrWriter } from '../../src/dcerpc/index.js';
import { encodeTower } from '../../src/dcerpc/tower.js';
import { certPassage, parseCertServerAnswer } from '../../src/adcs/rpc/cert-server-request.js';
import { answerOf } from '../../src/adcs/rpc/disposition.js';
import { answer } from '../../test/adcs/rpc/ca-server.js';
import { bundleExamples, certificateExamples } from '../examples.js';
import { mutateOctets } from '../mutators/octets.js';
import { agree, type Target } from '../target.js';

const refuses = ['rpc.malformed'];

const ndr32 = Buffer.from('045d888aeb1cc9119fe808002b10486002000000', 'hex');

function bindAck(): Buffer {
  const address = Buffer.from('135\0');
  const head = Buffer.alloc(8);
  head.writeUInt16LE(5840);
  head.writeUInt16LE(5840, 2);
  head.writeUInt32LE(77, 4);
  const length = Buffer.from([address.length, 0]);
  const results = Buffer.from('0100000000000000', 'hex');
  return Buffer.concat([head, length, address, Buffer.alloc(2), results, ndr32]);
}

function messages(): Buffer[] {
  const trailer = Buffer.concat([encodeTrailer(authType.ntlm, 4), Buffer.alloc(16, 7)]);
  const head = (type: number) => ({ type, flags: 3, callId: 1 });
  return [
    encodePdu(head(pduType.bindAck), bindAck(), { bytes: trailer, authOctets: 16 }),
    encodePdu(head(pduType.bindNak), Buffer.from('0800', 'hex')),
    encodePdu(head(pduType.fault), Buffer.from('2000000000000000050000000000000000', 'hex')),
    encodePdu(head(pduType.response), Buffer.concat([Buffer.alloc(8), Buffer.alloc(32, 1)])),
    encodePdu(head(pduType.response), Buffer.concat([Buffer.alloc(8), Buffer.alloc(28, 1)]), {
      bytes: trailer,
      authOctets: 16,
    }),
  ];
}

export const targets: readonly Target[] = [
  {
    name: 'rpc-pdu',
    about:
      'messages of connection-oriented DCE/RPC: frame, bind answers, faults, trailers, fragments',
    prepare: () => ({
      seeds: messages(),
      mutate: mutateOctets,
      refuses,
      run: (input) => {
        const octets = announcedOctets(input);
        if (octets === undefined || octets > input.length) return 'incomplete';
        const pdu = parsePdu(input.subarray(0, octets));
        switch (pdu.type) {
          case pduType.bindAck:
          case pduType.alterContextResponse:
            readVerifier(pdu, authType.ntlm, 16);
            return `bind_ack ${parseBindAck(pdu).result.kind}`;
          case pduType.bindNak:
            return `bind_nak ${parseBindNak(pdu).kind}`;
          case pduType.fault:
            return `fault ${String(parseFault(pdu).neverRan)}`;
          case pduType.response:
            return responseOf(pdu);
          default:
            return 'another';
        }
      },
    }),
  },
  {
    name: 'rpc-endpoint-map',
    about: 'NDR of the endpoint mapper: towers and ports',
    prepare: () => {
      const tower = encodeTower(certPassage, 49_700);
      const one = new NdrWriter().octets(Buffer.alloc(20)).uint32(1).uint32(8).uint32(0).uint32(1);
      one.referent().uint32(tower.length).uint32(tower.length).octets(tower);
      return {
        seeds: [one.uint32(0).finish(), encodeEptMap(certPassage)],
        mutate: mutateOctets,
        refuses: ['rpc.malformed', 'rpc.not-registered'],
        run: (input) => {
          const port = parseEptMap(input, certPassage);
          agree('a port', port > 0 && port < 65_536, true);
          return 'port';
        },
      };
    },
  },
  {
    name: 'rpc-cert-answer',
    about: 'NDR of what a CA answers over RPC, up to the disposition',
    prepare: async () => {
      const [certificate] = (await certificateExamples()).map(({ der }) => der);
      const [chain] = await bundleExamples();
      if (certificate === undefined || chain === undefined) throw new RangeError('no examples');
      const given = { requestId: 17, disposition: 3, chain, certificate };
      return {
        seeds: [
          answer({ ...given, message: 'Issued' }),
          answer({ requestId: 18, disposition: 5, message: 'Taken Under Submission' }),
          answer({ disposition: 2, message: 'Denied 0x80094012', returned: 0x80094012 }),
        ],
        mutate: mutateOctets,
        refuses,
        run: (input) => {
          const read = parseCertServerAnswer(input);
          return answerOf(read, 'submit').kind;
        },
      };
    },
  },
];

function responseOf(pdu: ReturnType<typeof parsePdu>): string {
  const part = openFragment(pdu, pdu.authOctets > 0 ? sealing : undefined);
  return new Reassembly().add(pdu.flags, part) === undefined ? 'first fragment' : 'response';
}

/** Every seal holds: what comes behind it shall be reached. */
const sealing: Parameters<typeof openFragment>[1] = {
  authType: authType.ntlm,
  protection: {
    signatureOctets: () => 16,
    seal: ({ stub }) => ({ stub, signature: Buffer.alloc(16) }),
    unseal: ({ stub }) => stub,
  },
};
