/** Schema, loading, defaults, cross checks; what is wrong is said key by key, with the mend. */
export { checkConfig } from './check.js';
export type { CoSignConfig } from './co-sign-schema.js';
export { ConfigFault } from './config-fault.js';
export { describeConfig } from './describe.js';
export { loadConfig, type ResolvedConfig } from './load.js';
export { ndesRegistryToConfig } from './ndes-import.js';
export { resolveSecret } from './resolve-secret.js';
export { configSchema, type GatewayConfig } from './schema.js';
export type { ImportedPair, IssuerPair } from './imported-pair-schema.js';
export type {
  AdcsCesConfig,
  AdcsRpcConfig,
  LocalIssuerConfig,
  WebEnrollmentConfig,
} from './issuer-schema.js';
export type { NdesIssuerConfig } from './ndes-issuer-schema.js';
export type { ProfileConfig } from './profile-schema.js';
export type { RedisConfig } from './redis-schema.js';
export type { PostgresConfig } from './store-schema.js';
export type { TokenConfig } from './token-schema.js';
