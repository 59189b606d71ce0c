import { createFastCodec, createPkijsCodec } from '../../src/pkcs7/index.js';
import { pkcs7CodecContract } from './codec.contract.js';

pkcs7CodecContract('fast', createFastCodec);
pkcs7CodecContract('pkijs', createPkijsCodec);
