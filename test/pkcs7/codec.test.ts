import { createFastCodec } from '../../src/pkcs7/index.js';
import { createPkijsCodec } from '../../src/pkcs7/pkijs/index.js';
import { pkcs7CodecContract } from './codec.contract.js';

pkcs7CodecContract('fast', createFastCodec);
pkcs7CodecContract('pkijs', createPkijsCodec);
