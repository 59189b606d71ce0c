import type { GatewayConfig } from '../config/index.js';
import { createFastCodec, type Pkcs7Codec } from '../pkcs7/index.js';

/** The codec of the configuration; pkijs takes as long to load as all of SCEP, so only who names it has it. */
export async function configuredCodec({
  codec,
}: Pick<GatewayConfig, 'codec'>): Promise<Pkcs7Codec> {
  if (codec === 'fast') return createFastCodec();
  const { createPkijsCodec } = await import('../pkcs7/pkijs/index.js');
  return createPkijsCodec();
}
