/** The conductor: one SCEP request to one answer. */
import type { Enrollment } from '../enrollment/index.js';
import { GatewayError } from '../errors/index.js';
import type { Pkcs7Codec } from '../pkcs7/index.js';
import type { Certificate } from '../x509/index.js';
import { caCertificates, caCertResponse, caChainResponse } from './ca-certificates.js';
import { capabilityLines } from './capabilities.js';
import { nextCaResponse } from './next-ca.js';
import { pkiOperation, type PkiOperationServices } from './pki-operation.js';
import type { ScepEvent } from './scep-event.js';
import type { ScepProfile, ScepRequest, ScepResponse, ScepServer } from './scep-server.types.js';

export interface ScepServerOptions {
  readonly profiles: readonly ScepProfile[];
  readonly codec: Pkcs7Codec;
  readonly enrollment: Enrollment;
  /** For nonces; cryptographically strong. */
  readonly randomBytes: (size: number) => Buffer;
  /** Called once for each PKIOperation that could be addressed. */
  readonly onEvent?: (event: ScepEvent) => void;
}

export function createScepServer(options: ScepServerOptions): ScepServer {
  return new Conductor(options);
}

class Conductor implements ScepServer {
  readonly #profiles: ReadonlyMap<string, ScepProfile>;
  readonly #services: PkiOperationServices;
  readonly #bundles = new Map<string, CachedBundle>();

  constructor({ profiles, onEvent = () => undefined, ...services }: ScepServerOptions) {
    this.#profiles = new Map(profiles.map((profile) => [profile.name, profile]));
    this.#services = { ...services, onEvent };
  }

  async handle(request: ScepRequest): Promise<ScepResponse> {
    const profile = this.#profiles.get(request.profile);
    if (profile === undefined) {
      throw new GatewayError('http.not-found', 'There is no such SCEP profile.');
    }
    switch (request.operation.toLowerCase()) {
      case 'pkioperation':
        return pkiOperation(request, profile, this.#services);
      case 'getcacaps':
        return capabilities(profile);
      case 'getcacert':
        return this.#cached(profile, 'ca', caCertificates(profile), caCertResponse);
      case 'getcachain':
      case 'getcacertchain':
        return this.#cached(profile, 'chain', profile.chain(), caChainResponse);
      case 'getnextcacert':
        return nextCaResponse(profile, this.#services.codec);
      default:
        throw unknownOperation(request.operation);
    }
  }

  /** Made once for a set of certificates; a renewed RA certificate makes another set. */
  #cached(
    profile: ScepProfile,
    name: string,
    certificates: readonly Certificate[],
    make: (certificates: readonly Certificate[]) => ScepResponse,
  ): ScepResponse {
    const key = JSON.stringify([profile.name, name]);
    const thumbprints = certificates.map(({ thumbprints: { sha256 } }) => sha256).join();
    const cached = this.#bundles.get(key);
    if (cached?.thumbprints === thumbprints) return cached.response;
    const response = make(certificates);
    this.#bundles.set(key, { thumbprints, response });
    return response;
  }
}

interface CachedBundle {
  readonly thumbprints: string;
  readonly response: ScepResponse;
}

function capabilities(profile: ScepProfile): ScepResponse {
  const body = Buffer.from(`${capabilityLines(profile).join('\n')}\n`);
  return { status: 200, contentType: 'text/plain', body };
}

function unknownOperation(operation: string): GatewayError {
  const name = JSON.stringify(operation.slice(0, 40));
  return new GatewayError('http.operation', `There is no SCEP operation ${name}.`, {
    mend: 'Known: GetCACaps, GetCACert, GetNextCACert, PKIOperation.',
  });
}
